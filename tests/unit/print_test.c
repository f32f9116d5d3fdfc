/* lib/print.c against the C library, its bounds, and the console. */
#include "lib/print.h"

#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SAME(...)                                                                                                      \
	do {                                                                                                           \
		char ours[128];                                                                                        \
		char theirs[128];                                                                                      \
		size_t n = format(ours, sizeof(ours), __VA_ARGS__);                                                    \
		snprintf(theirs, sizeof(theirs), __VA_ARGS__);                                                         \
		assert_string_equal(ours, theirs);                                                                     \
		assert_int_equal(n, strlen(theirs));                                                                   \
	} while (0)

static void numbers_read_as_in_c(void **state)
{
	(void)state;
	SAME("%u %u %u", 0u, 1u, UINT_MAX);
	SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	SAME("%x %x", 0u, 0xdeadbeefu);
	SAME("%lu %llu %zu", ULONG_MAX, ULLONG_MAX, SIZE_MAX);
	SAME("%ld %ld %lld", LONG_MIN, LONG_MAX, -5LL);
	SAME("%lx %llx %zx", 0x123456789abcdefUL, ULLONG_MAX, (size_t)15);
	SAME("%p", (void *)0x1000);
}

static void widths_pad(void **state)
{
	(void)state;
	SAME("[%5u][%05u][%2u]", 42u, 42u, 12345u);
	SAME("[%5d][%05d][%d]", -42, -42, -42);
	SAME("[%08x][%8x][%016llx]", 0xabcu, 0xabcu, 0xabcULL);
	SAME("[%6s][%2s][%3c]", "abc", "abc", 'x');
	SAME("[%04d][%1d][%4d]", 7, -7, INT_MIN);
}

static void text_and_percent(void **state)
{
	(void)state;
	SAME("plain");
	SAME("%s%s%c%%", "a", "", 'b');
}

/* Through a variable: gcc would refuse these literals, as it should. */
static size_t format_unchecked(char *to, size_t room, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	size_t n = format_args(to, room, fmt, args);
	va_end(args);
	return n;
}

static void careless_formats_do_no_harm(void **state)
{
	(void)state;
	char b[16];
	assert_int_equal(format_unchecked(b, sizeof(b), "ab%"), 2);
	assert_string_equal(b, "ab");
	assert_int_equal(format_unchecked(b, sizeof(b), "ab%08l"), 2);
	assert_string_equal(b, "ab");
	assert_int_equal(format_unchecked(b, sizeof(b), "%q!"), 2);
	assert_string_equal(b, "q!");
	format_unchecked(b, sizeof(b), "%s", (const char *)NULL);
	assert_string_equal(b, "(null)");
}

static void output_is_cut_at_its_room(void **state)
{
	(void)state;
	for (size_t room = 1; room < 8; room++) {
		char b[9];
		memset(b, '#', sizeof(b));
		assert_int_equal(format(b, room, "%u%s", 123u, "456789"), room - 1);
		assert_int_equal(strlen(b), room - 1);
		assert_memory_equal(b, "123456789", room - 1);
		assert_int_equal(b[room], '#');
	}
	char untouched = '#';
	assert_int_equal(format(&untouched, 0, "x"), 0);
	assert_int_equal(untouched, '#');
	char wide[8];
	assert_int_equal(format(wide, sizeof(wide), "%999999u", 1u), 7);
}

static char heard[2][600];
static size_t heard_n[2];

static void first_sink(const char *text, size_t n)
{
	memcpy(heard[0] + heard_n[0], text, n);
	heard_n[0] += n;
}

static void second_sink(const char *text, size_t n)
{
	memcpy(heard[1] + heard_n[1], text, n);
	heard_n[1] += n;
}

static void silent_sink(const char *text, size_t n)
{
	(void)text;
	(void)n;
}

static void other_silent_sink(const char *text, size_t n)
{
	(void)text;
	(void)n;
	heard_n[1] += 0;
}

static void fifth_sink(const char *text, size_t n)
{
	(void)text;
	(void)n;
	fail_msg("a fifth sink was taken");
}

static void lines_reach_every_sink_once(void **state)
{
	(void)state;
	say("nobody hears this");
	console_set(first_sink);
	console_set(second_sink);
	console_set(first_sink);
	say("slot %c: %u", 'a', 7u);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(heard_n[i], strlen("signet: slot a: 7\n"));
		assert_memory_equal(heard[i], "signet: slot a: 7\n", heard_n[i]);
	}
}

static void long_lines_keep_their_newline(void **state)
{
	(void)state;
	char text[400];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	heard_n[0] = 0;
	heard_n[1] = 0;
	say("%s", text);
	assert_true(heard_n[0] > 200 && heard_n[0] <= 256);
	assert_int_equal(heard[0][heard_n[0] - 1], '\n');
	assert_int_equal(heard[0][heard_n[0] - 2], 'x');
}

static void there_are_four_sinks(void **state)
{
	(void)state;
	console_set(silent_sink);
	console_set(other_silent_sink);
	console_set(fifth_sink);
	heard_n[0] = 0;
	heard_n[1] = 0;
	say("four");
	assert_int_equal(heard_n[1], strlen("signet: four\n"));
}

static void hexadecimal(void **state)
{
	(void)state;
	static const u8 b[4] = { 0x00, 0x0f, 0xa5, 0xff };
	char text[9];
	hex_encode(text, b, 4);
	assert_string_equal(text, "000fa5ff");
	hex_encode(text, b, 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_read_as_in_c),
		cmocka_unit_test(widths_pad),
		cmocka_unit_test(text_and_percent),
		cmocka_unit_test(careless_formats_do_no_harm),
		cmocka_unit_test(output_is_cut_at_its_room),
		cmocka_unit_test(lines_reach_every_sink_once),
		cmocka_unit_test(long_lines_keep_their_newline),
		cmocka_unit_test(there_are_four_sinks),
		cmocka_unit_test(hexadecimal),
	};
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
