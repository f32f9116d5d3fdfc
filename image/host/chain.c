/* Key manifests as bytes in a row. Trust: lengths are checked before use, nothing is believed. */
#include "image/host/chain.h"

#include "lib/bytes.h"

#include <string.h>

enum { TOTAL_OFFSET = 8, BODY_OFFSET = 12 };

/* Total and body length of the manifest at region, each within n. */
static enum err measure(const u8 *region, size_t n, size_t *total, size_t *body)
{
	if (n < KEYS_FIXED_SIZE || memcmp(region, KEYS_MAGIC, MAGIC_SIZE) != 0)
		return ERR_KEYS_FORMAT;
	*total = load_le32(region + TOTAL_OFFSET);
	*body = load_le32(region + BODY_OFFSET);
	if (*total > n || *body > *total || *body < KEYS_FIXED_SIZE)
		return ERR_KEYS_FORMAT;
	return OK;
}

enum err keys_first_body(const u8 *region, size_t n, const u8 **body, size_t *length)
{
	size_t total;

	*body = region;
	return measure(region, n, &total, length);
}

enum err keys_chain_claims(const u8 *region, size_t n, struct key_set *out)
{
	const u8 *body;
	size_t length;
	enum err e = keys_first_body(region, n, &body, &length);

	if (e)
		return e;
	e = key_set_parse(body, length, out);
	if (e)
		return e;
	return keys_chain_walk(region, n, out, NULL);
}

enum err keys_body_find(const u8 *region, size_t n, const u8 digest[SHA384_SIZE], const u8 **body, size_t *length)
{
	while (n) {
		u8 found[SHA384_SIZE];
		size_t total;
		enum err e = measure(region, n, &total, length);
		if (e)
			return e;
		sha384_of(region, *length, found);
		if (digest_equal(found, digest, SHA384_SIZE)) {
			*body = region;
			return OK;
		}
		region += total;
		n -= total;
	}
	return ERR_KEYS_CHAIN;
}
