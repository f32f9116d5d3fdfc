/*
 * Leaf lists.
 * Trust: outside the TCB; pure.
 */
#include "update/leaves.h"

#include "image/merkle.h"

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
