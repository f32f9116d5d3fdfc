/*
 * Lists of leaf digests against the signed root.
 * Trust: test code.
 */
#include "update/leaves.h"

#include "image/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5 };

static u8 list[COUNT + 1][SHA384_SIZE];

static struct manifest make(void)
{
	struct manifest m = { .leaf_count = COUNT };
	struct merkle tree;

	merkle_init(&tree);
	for (u32 i = 0; i < COUNT; i++) {
		u8 leaf[16];

		memset(leaf, (int)(0xf0 - i), sizeof(leaf));
		merkle_leaf(leaf, sizeof(leaf), list[i]);
		merkle_add(&tree, list[i]);
	}
	merkle_root(&tree, m.merkle_root);
	return m;
}

static void only_the_signed_list_passes(void **state)
{
	struct manifest m = make();

	(void)state;
	assert_int_equal(leaves_verify(list[0], COUNT * SHA384_SIZE, &m), OK);
	for (u32 i = 0; i < COUNT * SHA384_SIZE; i += 7) {
		list[i / SHA384_SIZE][i % SHA384_SIZE] ^= 1;
		assert_int_equal(leaves_verify(list[0], COUNT * SHA384_SIZE, &m), ERR_IMAGE_MERKLE);
		list[i / SHA384_SIZE][i % SHA384_SIZE] ^= 1;
	}
}

static void a_list_of_another_length_is_refused(void **state)
{
	struct manifest m = make();

	(void)state;
	assert_int_equal(leaves_verify(list[0], COUNT * SHA384_SIZE - 1, &m), ERR_RANGE);
	assert_int_equal(leaves_verify(list[0], (COUNT + 1) * SHA384_SIZE, &m), ERR_RANGE);
	assert_int_equal(leaves_verify(list[0], 0, &m), ERR_RANGE);
	m.leaf_count = LEAVES_MAX + 1;
	assert_int_equal(leaves_verify(list[0], (size_t)m.leaf_count * SHA384_SIZE, &m), ERR_RANGE);
	m.leaf_count = UINT64_MAX / SHA384_SIZE + 1;
	assert_int_equal(leaves_verify(list[0], 0, &m), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_signed_list_passes),
		cmocka_unit_test(a_list_of_another_length_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
