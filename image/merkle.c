/*
 * RFC 6962 Merkle tree, streaming: pending[l] is the root of a complete subtree of 2^l leaves, in use when bit l of
 * count is set, as digits of a binary counter.
 * Trust: pure.
 */
#include "image/merkle.h"

#include <string.h>

void merkle_leaf(const u8 *data, size_t n, u8 out[SHA384_SIZE])
{
	static const u8 prefix = 0;
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, &prefix, 1);
	sha384_update(&h, data, n);
	sha384_final(&h, out);
}

void merkle_node(const u8 left[SHA384_SIZE], const u8 right[SHA384_SIZE], u8 out[SHA384_SIZE])
{
	static const u8 prefix = 1;
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, &prefix, 1);
	sha384_update(&h, left, SHA384_SIZE);
	sha384_update(&h, right, SHA384_SIZE);
	sha384_final(&h, out);
}

static bool in_use(const struct merkle *m, u32 level)
{
	return (m->count >> level) & 1;
}

void merkle_init(struct merkle *m)
{
	memset(m, 0, sizeof(*m));
}

void merkle_add(struct merkle *m, const u8 leaf[SHA384_SIZE])
{
	u8 digest[SHA384_SIZE];
	u32 level = 0;

	memcpy(digest, leaf, SHA384_SIZE);
	/* Payloads are below 2^48 bytes, so the last level is never in use. */
	for (; level < MERKLE_LEVELS - 1 && in_use(m, level); level++)
		merkle_node(m->pending[level], digest, digest);
	memcpy(m->pending[level], digest, SHA384_SIZE);
	m->count++;
}

void merkle_root(const struct merkle *m, u8 out[SHA384_SIZE])
{
	u32 level = 0;

	if (m->count == 0) {
		sha384_of((const u8 *)"", 0, out);
		return;
	}
	while (!in_use(m, level))
		level++;
	memcpy(out, m->pending[level], SHA384_SIZE);
	for (level++; level < MERKLE_LEVELS; level++) {
		if (in_use(m, level))
			merkle_node(m->pending[level], out, out);
	}
}
