/*
 * The choice of the carve-out.
 * Trust: test code.
 */
#include "hv/mem/carve.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct memory_entry map[] = {
	{ 0, 0x9F000, MEMORY_RAM, 0 },
	{ MIB(1), MIB(255), MEMORY_RAM, 0 },
	{ MIB(256), MIB(16), MEMORY_STAGE, 0 },
	{ MIB(272), MIB(1025) - 0x1000, MEMORY_RAM, 0 },
	{ MIB(3072), MIB(16), MEMORY_ACPI, 0 },
	{ MIB(4096), MIB(64) + 0x1000, MEMORY_RAM, 0 },
	{ MIB(4500) + 0x1000, MIB(129), MEMORY_RAM, 0 },
	{ MIB(5000), MIB(900), MEMORY_RESERVED, 0 },
};

static void choose(u32 count, u64 least, u64 most, u64 base, u64 length)
{
	struct memory_range c;

	assert_int_equal(carve_choose(map, count, least, most, &c), OK);
	assert_int_equal(c.base, base);
	assert_int_equal(c.length, length);
}

static void prefers_what_lies_above_4_gib(void **state)
{
	(void)state;
	choose(ARRAY_SIZE(map), MIB(2), MIB(64), MIB(4564), MIB(64));
	choose(ARRAY_SIZE(map), MIB(32), MIB(2048), MIB(4502), MIB(126));
	/* Too little there: the upper end of the largest below. */
	choose(ARRAY_SIZE(map), MIB(256), MIB(512), MIB(784), MIB(512));
	choose(5, MIB(2), MIB(512), MIB(784), MIB(512));
}

static void takes_all_there_is_in_one_piece(void **state)
{
	(void)state;
	choose(ARRAY_SIZE(map), MIB(1024), MIB(4096), MIB(272), MIB(1024));
}

static void never_joins_or_touches_other_memory(void **state)
{
	(void)state;
	struct memory_range c;

	assert_int_equal(carve_choose(map, ARRAY_SIZE(map), MIB(1026), MIB(4096), &c), ERR_BOOT_MEMORY);
	assert_int_equal(carve_choose(map, 1, MIB(2), MIB(2), &c), ERR_BOOT_MEMORY);
	assert_int_equal(carve_choose(map, 0, MIB(2), MIB(2), &c), ERR_BOOT_MEMORY);
	/* RAM that lies across 4 GiB is used above it alone, if that is enough. */
	const struct memory_entry across = { MIB(4000), MIB(196), MEMORY_RAM, 0 };
	assert_int_equal(carve_choose(&across, 1, MIB(2), MIB(196), &c), OK);
	assert_int_equal(c.base, MIB(4096));
	assert_int_equal(c.length, MIB(100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefers_what_lies_above_4_gib),
		cmocka_unit_test(takes_all_there_is_in_one_piece),
		cmocka_unit_test(never_joins_or_touches_other_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
