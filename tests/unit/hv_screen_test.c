/* The status screen, drawn into memory and read back by its letters; and the record of a run's end. */
#include "hv/boot/last_run.h"
#include "hv/boot/screen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* One letter more than the text has room for, and a stride that is wider than the picture. */
enum { WIDTH = 50 * 6 + 5, STRIDE = WIDTH * 4 + 64, HEIGHT = 140, UNTOUCHED = 0xA5 };

static u8 memory[HEIGHT + 2][STRIDE];

static struct boot_info info_of(u32 width, u32 height)
{
	return (struct boot_info){ .framebuffer = { (u64)(uintptr_t)memory[1], (u64)STRIDE * height },
		.width = width,
		.height = height,
		.stride = STRIDE,
		.product = "signet",
		.release = "7.1",
		.svn = 12,
		.slot = 1,
		.reason_text = "newest good slot" };
}

static u64 glyph_at(u32 column, u32 row)
{
	u64 glyph = 0;
	for (u32 y = 0; y < 10; y++) {
		for (u32 x = 0; x < 6; x++) {
			u32 pixel;
			memcpy(&pixel, &memory[1 + row * 10 + y][(column * 6 + x) * 4], 4);
			assert_true(pixel == 0 || pixel == 0xFFFFFF);
			if (x < 5 && y < 7)
				glyph = glyph << 1 | (pixel != 0);
			else
				assert_int_equal(pixel, 0);
		}
	}
	return glyph;
}

static void assert_row(u32 row, const char *expected)
{
	char text[51] = { 0 };
	for (u32 column = 0; column < 50; column++) {
		u64 glyph = glyph_at(column, row);
		for (u32 i = 0; i < ARRAY_SIZE(font); i++)
			if (font[i] == glyph)
				text[column] = (char)(' ' + i);
	}
	char padded[51];
	snprintf(padded, sizeof(padded), "%-50s", expected);
	assert_string_equal(text, padded);
}

static void assert_margins_untouched(void)
{
	for (u32 y = 0; y < HEIGHT + 2; y++)
		for (u32 x = 0; x < STRIDE; x++)
			if (y == 0 || y > HEIGHT || x >= WIDTH * 4)
				assert_int_equal(memory[y][x], UNTOUCHED);
}

static int set_up(void **state)
{
	(void)state;
	struct boot_info info = info_of(WIDTH, HEIGHT);
	memset(memory, UNTOUCHED, sizeof(memory));
	screen_start(&info);
	return 0;
}

static void every_letter_is_another(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(font); i++) {
		assert_int_equal(font[i] >> 35, 0);
		for (u32 j = 0; j < i; j++)
			assert_int_not_equal(font[i], font[j]);
	}
}

static void shows_what_the_hand_off_told(void **state)
{
	(void)state;
	assert_row(0, "");
	assert_row(2, "  release   signet 7.1, SVN 12");
	assert_row(3, "  slot      b, newest good slot");
	assert_row(4, "");
	assert_margins_untouched();
}

static void a_line_is_replaced_and_cut(void **state)
{
	(void)state;
	screen_set(SCREEN_VERDICT, "closed: 12345678901234567890123456789012345678901234567890");
	assert_row(6, "  gate      closed: 123456789012345678901234567890");
	screen_set(SCREEN_VERDICT, "open \x80\n");
	assert_row(6, "  gate      open ??");
	assert_margins_untouched();
}

static void a_report_wraps_and_ends_with_the_screen(void **state)
{
	(void)state;
	static const char first[] = "signet: panic: all is lost\n";
	screen_report(first, strlen(first));
	for (u32 i = 0; i < 5; i++)
		screen_report("0123456789012345678901234567890123456789012345678901234567", 58);
	assert_row(2, "  release   signet 7.1, SVN 12");
	assert_row(9, "  signet: panic: all is lost");
	assert_row(10, "  012345678901234567890123456789012345678901234567");
	assert_row(11, "  890123456701234567890123456789012345678901234567");
	assert_margins_untouched();
}

static void without_a_usable_frame_buffer_it_draws_nothing(void **state)
{
	(void)state;
	static const u32 size[][2] = { { 0, 0 }, { 39 * 6 + 5, HEIGHT }, { WIDTH, 89 } };
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct boot_info info = info_of(size[i][0], size[i][1]);
		memset(memory, UNTOUCHED, sizeof(memory));
		screen_start(&info);
		screen_set(SCREEN_NODE, "x");
		screen_report("x\n", 2);
		for (u32 y = 0; y < HEIGHT + 2; y++)
			for (u32 x = 0; x < STRIDE; x++)
				assert_int_equal(memory[y][x], UNTOUCHED);
	}
}

static void a_runs_end_is_found_once(void **state)
{
	(void)state;
	struct last_run record = { 0 };
	char text[LAST_RUN_TEXT];
	assert_false(last_run_take(&record, text));
	last_run_keep(&record, "exception 14 at somewhere+0x12");
	assert_true(last_run_take(&record, text));
	assert_string_equal(text, "exception 14 at somewhere+0x12");
	assert_false(last_run_take(&record, text));
}

static void a_damaged_record_is_none(void **state)
{
	(void)state;
	char text[LAST_RUN_TEXT];
	for (u32 bit = 0; bit < sizeof(struct last_run) * 8; bit++) {
		struct last_run record;
		last_run_keep(&record, "reason");
		((u8 *)&record)[bit / 8] ^= (u8)(1u << bit % 8);
		assert_false(last_run_take(&record, text));
	}
}

static void its_text_is_cut_and_printable(void **state)
{
	(void)state;
	struct last_run record;
	char text[LAST_RUN_TEXT], longer[LAST_RUN_TEXT + 10];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	last_run_keep(&record, longer);
	assert_true(last_run_take(&record, text));
	assert_int_equal(strlen(text), LAST_RUN_TEXT - 1);
	last_run_keep(&record, "good\x1B[31mbad");
	assert_true(last_run_take(&record, text));
	assert_string_equal(text, "good");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter_is_another),
		cmocka_unit_test_setup(shows_what_the_hand_off_told, set_up),
		cmocka_unit_test_setup(a_line_is_replaced_and_cut, set_up),
		cmocka_unit_test_setup(a_report_wraps_and_ends_with_the_screen, set_up),
		cmocka_unit_test(without_a_usable_frame_buffer_it_draws_nothing),
		cmocka_unit_test(a_runs_end_is_found_once),
		cmocka_unit_test(a_damaged_record_is_none),
		cmocka_unit_test(its_text_is_cut_and_printable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
