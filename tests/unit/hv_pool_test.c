/*
 * Pages of the carve-out.
 * Trust: test code.
 */
#include "hv/mem/pool.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGES = 64 };

static _Alignas(65536) u8 memory[PAGES * 4096];
static struct pool pool;

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0xA5, sizeof(memory));
	pool_init(&pool, (u64)memory, sizeof(memory));
	return 0;
}

static u8 *page_at(u64 page)
{
	return memory + page * POOL_PAGE;
}

static void gives_each_page_once_and_zeroed(void **state)
{
	(void)state;
	assert_int_equal(pool.free, PAGES - 1);
	for (u64 i = 1; i < PAGES; i++) {
		assert_int_equal(pool_take(&pool, 1, POOL_PAGE), (u64)page_at(i));
		assert_true(bytes_are_zero(page_at(i), POOL_PAGE));
		memset(page_at(i), 0x5A, POOL_PAGE);
	}
	assert_int_equal(pool_take(&pool, 1, POOL_PAGE), 0);
	assert_int_equal(pool.free, 0);
}

static void gives_aligned_runs(void **state)
{
	(void)state;
	assert_int_equal(pool_take(&pool, 16, 65536), (u64)page_at(16));
	/* What is left between is found again. */
	assert_int_equal(pool_take(&pool, 15, POOL_PAGE), (u64)page_at(1));
	assert_int_equal(pool_take(&pool, 33, POOL_PAGE), 0);
	assert_int_equal(pool_take(&pool, 32, POOL_PAGE), (u64)page_at(32));
	assert_int_equal(pool_take(&pool, 1, POOL_PAGE), 0);
	assert_int_equal(pool_take(&pool, 0, POOL_PAGE), 0);
	assert_int_equal(pool_take(&pool, ~0ull, POOL_PAGE), 0);
}

static void takes_back_and_gives_anew(void **state)
{
	(void)state;
	u64 run = pool_take(&pool, 8, POOL_PAGE), next = pool_take(&pool, 1, POOL_PAGE);

	memset(page_at(3), 0x77, POOL_PAGE);
	assert_int_equal(pool_give(&pool, run + 2 * POOL_PAGE, 2), OK);
	assert_int_equal(pool.free, PAGES - 1 - 7);
	assert_int_equal(pool_take(&pool, 3, POOL_PAGE), next + POOL_PAGE);
	assert_int_equal(pool_take(&pool, 2, POOL_PAGE), run + 2 * POOL_PAGE);
	assert_true(bytes_are_zero(page_at(3), POOL_PAGE));
}

static void reserves_pages_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(pool_reserve(&pool, 2, POOL_PAGE), (u64)page_at(1));
	assert_int_equal(page_at(1)[0], 0xA5);
	assert_int_equal(page_at(2)[POOL_PAGE - 1], 0xA5);
	assert_int_equal(pool.free, PAGES - 1 - 2);
	assert_int_equal(pool_reserve(&pool, PAGES, POOL_PAGE), 0);
	assert_int_equal(pool_take(&pool, 1, POOL_PAGE), (u64)page_at(3));
}

static void refuses_what_was_not_taken(void **state)
{
	(void)state;
	u64 run = pool_take(&pool, 4, POOL_PAGE);

	assert_int_equal(pool_give(&pool, run, 1), OK);
	assert_int_equal(pool_give(&pool, run, 1), ERR_INTERNAL); /* twice */
	assert_int_equal(pool_give(&pool, run + POOL_PAGE, 4), ERR_INTERNAL); /* one too many */
	assert_int_equal(pool_give(&pool, run + POOL_PAGE + 8, 1), ERR_INTERNAL);
	assert_int_equal(pool_give(&pool, (u64)memory, 1), ERR_INTERNAL); /* the pool's own bits */
	assert_int_equal(pool_give(&pool, (u64)memory - POOL_PAGE, 1), ERR_INTERNAL);
	assert_int_equal(pool_give(&pool, (u64)memory + sizeof(memory), 1), ERR_INTERNAL);
	assert_int_equal(pool_give(&pool, run + POOL_PAGE, ~0ull), ERR_INTERNAL);
	assert_int_equal(pool_give(&pool, run + POOL_PAGE, 3), OK);
	assert_int_equal(pool.free, PAGES - 1);
}

/* Every run, whatever bits it begins and ends at: it alone becomes free, and not when one of its pages is already. */
static void gives_back_runs_of_any_place(void **state)
{
	for (u64 first = 1; first < 20; first++) {
		for (u64 count = 1; first + count <= PAGES; count++) {
			set_up(state);
			assert_int_equal(pool_take(&pool, PAGES - 1, POOL_PAGE), (u64)page_at(1));
			assert_int_equal(pool_give(&pool, (u64)page_at(first), count), OK);
			assert_int_equal(pool.free, count);
			assert_int_equal(pool_give(&pool, (u64)page_at(1), PAGES - 1), ERR_INTERNAL);
			assert_int_equal(pool_take(&pool, count, POOL_PAGE), (u64)page_at(first));
			assert_int_equal(pool_take(&pool, 1, POOL_PAGE), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(gives_each_page_once_and_zeroed, set_up),
		cmocka_unit_test_setup(gives_aligned_runs, set_up),
		cmocka_unit_test_setup(takes_back_and_gives_anew, set_up),
		cmocka_unit_test_setup(reserves_pages_as_they_are, set_up),
		cmocka_unit_test_setup(refuses_what_was_not_taken, set_up),
		cmocka_unit_test_setup(gives_back_runs_of_any_place, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
