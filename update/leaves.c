/*
 * Leaf lists.
 * Trust: outside the TCB; pure.
 */
#include "update/leaves.h"

#include "image/merkle.h"

#include <stdlib.h>
#include <string.h>

enum err leaves_verify(const u8 *list, size_t n, const struct manifest *m)
{
	struct merkle tree;
	u8 root[SHA384_SIZE];

	if (m->leaf_count > LEAVES_MAX || n != m->leaf_count * SHA384_SIZE)
		return ERR_RANGE;
	merkle_init(&tree);
	for (u64 i = 0; i < m->leaf_count; i++)
		merkle_add(&tree, list + i * SHA384_SIZE);
	merkle_root(&tree, root);
	return digest_equal(root, m->merkle_root, SHA384_SIZE) ? OK : ERR_IMAGE_MERKLE;
}

static int compare(const void *a, const void *b)
{
	const struct leaf_place *left = a, *right = b;

	return memcmp(left->digest, right->digest, SHA384_SIZE);
}

void leaves_sort(struct leaf_place *places, size_t n)
{
	qsort(places, n, sizeof(*places), compare);
}

const struct leaf_place *leaf_find(const struct leaf_place *places, size_t n, const u8 digest[SHA384_SIZE])
{
	struct leaf_place wanted = { .offset = 0 };

	memcpy(wanted.digest, digest, SHA384_SIZE);
	return n ? bsearch(&wanted, places, n, sizeof(*places), compare) : NULL;
}
