/* Sizes and times on the command line. */
#include "cli/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void sizes_are_read(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} good[] = { { "0", 0 }, { "512", 512 }, { "48M", MIB(48) }, { "1K", 1024 }, { "4G", MIB(4096) },
		{ "17179869183G", 17179869183ull << 30 }, { "18446744073709551615", UINT64_MAX } };
	static const char *const bad[] = { "", "M", "-1", " 1", "1 ", "1k", "0x10", "1.5G", "17179869184G",
		"18446744073709551616", "1MM", "999999999999999999999999999999" };
	u64 value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(parse_size(good[i].text, &value));
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_size(bad[i], &value));
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} good[] = { { "0", 0 }, { "1767225600", 1767225600 }, { "2026-01-01", 1767225600 },
		{ "2026-01-01T00:00:01Z", 1767225601 }, { "2024-02-29", 1709164800 },
		{ "9999-12-31T23:59:59Z", 253402300799 } };
	static const char *const bad[] = { "", "now", "2026-02-30", "2025-02-29", "2026-13-01", "2026-01-01T00:00:01",
		"2026-01-01 00:00", "253402300800", "-5", "1969-12-31" };
	u64 value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(parse_time(good[i].text, &value));
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_time(bad[i], &value));
}

static void both_are_written(void **state)
{
	char size[SIZE_TEXT], time[TIME_TEXT];

	(void)state;
	assert_string_equal(format_size(size, 1023), "1023 bytes");
	assert_string_equal(format_size(size, 1024), "1.0 KiB");
	assert_string_equal(format_size(size, MIB(48)), "48.0 MiB");
	assert_string_equal(format_size(size, UINT64_MAX), "16777216.0 TiB");
	assert_string_equal(format_time(time, 1767225601), "2026-01-01T00:00:01Z");
	assert_string_equal(format_time(time, UINT64_MAX), "18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(both_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
