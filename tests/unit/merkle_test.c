/* The streaming Merkle tree against RFC 6962's own recursive definition, written down independently. */
#include "image/merkle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { LEAVES_MAX = 70 };

static u8 leaves[LEAVES_MAX][SHA384_SIZE];

static void hash_prefixed(u8 prefix, const u8 *bytes, size_t n, u8 *out)
{
	u8 buffer[1 + 2 * SHA384_SIZE];

	buffer[0] = prefix;
	memcpy(buffer + 1, bytes, n);
	sha384_of(buffer, n + 1, out);
}

/* RFC 6962, 2.1: MTH(D[n]) = H(1 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two below n. */
static void reference(const u8 (*from)[SHA384_SIZE], u32 n, u8 *out)
{
	u8 both[2 * SHA384_SIZE];
	u32 k = 1;

	if (n == 1) {
		memcpy(out, from, SHA384_SIZE);
		return;
	}
	while (2 * k < n)
		k *= 2;
	reference(from, k, both);
	reference(from + k, n - k, both + SHA384_SIZE);
	hash_prefixed(1, both, sizeof(both), out);
}

static void leaves_fill(void)
{
	for (u8 i = 0; i < LEAVES_MAX; i++)
		hash_prefixed(0, &i, 1, leaves[i]);
}

static void every_size_fits_the_definition(void **state)
{
	(void)state;
	struct merkle m;
	u8 streamed[SHA384_SIZE];
	u8 expected[SHA384_SIZE];

	leaves_fill();
	merkle_init(&m);
	for (u32 n = 1; n <= LEAVES_MAX; n++) {
		merkle_add(&m, leaves[n - 1]);
		merkle_root(&m, streamed);
		reference((const u8(*)[SHA384_SIZE])leaves, n, expected);
		assert_memory_equal(streamed, expected, SHA384_SIZE);
		assert_int_equal(m.count, n);
	}
}

static void leaf_and_node_have_their_prefixes(void **state)
{
	(void)state;
	u8 data[2 * SHA384_SIZE];
	u8 out[SHA384_SIZE];
	u8 expected[SHA384_SIZE];

	memset(data, 0x5A, sizeof(data));
	merkle_leaf(data, sizeof(data), out);
	hash_prefixed(0, data, sizeof(data), expected);
	assert_memory_equal(out, expected, SHA384_SIZE);
	merkle_node(data, data + SHA384_SIZE, out);
	hash_prefixed(1, data, sizeof(data), expected);
	assert_memory_equal(out, expected, SHA384_SIZE);
}

static void the_empty_tree_is_the_hash_of_nothing(void **state)
{
	(void)state;
	struct merkle m;
	u8 out[SHA384_SIZE];
	u8 expected[SHA384_SIZE];

	merkle_init(&m);
	merkle_root(&m, out);
	sha384_of((const u8 *)"", 0, expected);
	assert_memory_equal(out, expected, SHA384_SIZE);
}

static void order_counts(void **state)
{
	(void)state;
	struct merkle m;
	u8 there[SHA384_SIZE];
	u8 back[SHA384_SIZE];

	leaves_fill();
	merkle_init(&m);
	merkle_add(&m, leaves[0]);
	merkle_add(&m, leaves[1]);
	merkle_root(&m, there);
	merkle_init(&m);
	merkle_add(&m, leaves[1]);
	merkle_add(&m, leaves[0]);
	merkle_root(&m, back);
	assert_memory_not_equal(there, back, SHA384_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_fits_the_definition),
		cmocka_unit_test(leaf_and_node_have_their_prefixes),
		cmocka_unit_test(the_empty_tree_is_the_hash_of_nothing),
		cmocka_unit_test(order_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
