/* The anchor: what parses is encoded to the same bytes again. Inputs are padded with zeros, as the section is. */
#include "image/anchor.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct anchor parsed;
	static u8 anchor[ANCHOR_SIZE];
	static u8 again[ANCHOR_SIZE];

	memset(anchor, 0, sizeof(anchor));
	memcpy(anchor, bytes, n < ANCHOR_SIZE ? n : ANCHOR_SIZE);
	if (anchor_parse(anchor, &parsed) != OK)
		return 0;
	must(key_set_policy_key(&parsed.keys) != NULL);
	must(parsed.serial_port == 0 || parsed.serial_baud != 0);
	must(anchor_encode(&parsed, anchor + ANCHOR_FIXED_SIZE, load_le32(anchor + 24), again) == OK);
	must(memcmp(again, anchor, ANCHOR_SIZE) == 0);
	return 0;
}
