/* The signature list as the command line reads it: what it accepts, the verifier's reader accepts, and sorted. */
#include "image/host/sign.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct signature_list list;

	if (signature_list_read(bytes, n, &list) != OK)
		return 0;
	must(list.count <= SIGNATURES_COUNT_MAX);
	for (u32 i = 0; i < list.count; i++) {
		const struct signature_entry *e = &list.entries[i];

		must(e->key_id >= bytes && e->signature + P384_SIGNATURE_SIZE <= bytes + n);
		must(i == 0 || memcmp(list.entries[i - 1].key_id, e->key_id, KEY_ID_SIZE) < 0);
	}
	return 0;
}
