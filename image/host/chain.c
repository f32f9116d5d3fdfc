/* Key manifests as bytes in a row. Trust: lengths are checked before use, nothing is believed. */
#include "image/host/chain.h"

/* The fixed header of the manifest at region, which must lie within n. */
static enum err measure(const u8 *region, size_t n, struct keys_header *out)
{
	enum err e = keys_header_read(region, n, out);

	if (e)
		return e;
	return out->total <= n ? OK : ERR_KEYS_FORMAT;
}

enum err keys_chain_claims(const u8 *region, size_t n, struct key_set *out)
{
	struct keys_header first;
	enum err e = measure(region, n, &first);

	if (e)
		return e;
	e = key_set_parse(region, first.body, out);
	if (e)
		return e;
	return keys_chain_walk(region, n, out, NULL);
}

enum err keys_body_find(const u8 *region, size_t n, const u8 digest[SHA384_SIZE], const u8 **body, size_t *length)
{
	while (n) {
		struct keys_header h;
		u8 found[SHA384_SIZE];
		enum err e = measure(region, n, &h);
		if (e)
			return e;
		sha384_of(region, h.body, found);
		if (digest_equal(found, digest, SHA384_SIZE)) {
			*body = region;
			*length = h.body;
			return OK;
		}
		region += h.total;
		n -= h.total;
	}
	return ERR_KEYS_CHAIN;
}
