/*
 * Key regions. The first manifest of the region, if it parses, is the anchor that the walk starts from; a signature is
 * valid when its first byte is not zero. Each set that comes out is encoded to the same bytes again.
 */
#include "image/encode.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

enum err __wrap_ecdsa_p384_verify(const u8 *key, const u8 *digest, const u8 *signature);
enum err __wrap_ecdsa_p384_verify(const u8 *key, const u8 *digest, const u8 *signature)
{
	(void)key;
	(void)digest;
	return signature[0] != 0 ? OK : ERR_SIGNATURE_WRONG;
}

static bool anchor_of(const u8 *region, size_t n, struct key_set *anchor)
{
	static u8 again[KEYS_BODY_MAX];
	struct keys_header h;

	if (keys_header_read(region, n, &h) != OK || h.body > n || key_set_parse(region, h.body, anchor) != OK)
		return false;
	must(keys_body_encode(anchor, h.total - h.body, again) == h.body);
	must(memcmp(again, region, h.body) == 0);
	return true;
}

static void count_versions(void *context, u64 version, const u8 digest[SHA384_SIZE])
{
	u64 *last = context;

	(void)digest;
	must(*last == 0 || version == *last + 1);
	*last = version;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct key_set set;
	u64 last = 0;
	const struct keys_visitor visitor = { count_versions, &last };

	if (!anchor_of(bytes, n, &set))
		return 0;
	u64 anchored = set.version;
	if (keys_chain_walk(bytes, n, &set, &visitor) != OK)
		return 0;
	must(last == set.version && set.version >= anchored);
	must(set.root_threshold >= 1 && set.release_threshold >= 1 && key_set_policy_key(&set) != NULL);
	return 0;
}
