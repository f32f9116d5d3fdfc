/* lib/string.c, which no host program links: compiled in here under other names, against the C library. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define memchr own_memchr
#define strlen own_strlen
#define strnlen own_strnlen
#define strcmp own_strcmp
#define strncmp own_strncmp
#define strchr own_strchr
#define strrchr own_strrchr
#define strtoul own_strtoul
#undef SIGNET_FREESTANDING_STRING_H
#include "lib/freestanding/string.h"
#undef SIGNET_FREESTANDING_STDLIB_H
#include "lib/freestanding/stdlib.h"
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strtoul

static void fill(u8 *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		b[i] = (u8)(i * 7 + 1);
}

/* Every length around the word size, every alignment, every overlap. */
static void moving_equals_the_c_library(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 33; n++)
		for (size_t from = 0; from < 20; from++)
			for (size_t to = 0; to < 20; to++) {
				u8 ours[64];
				u8 theirs[64];
				fill(ours, 64);
				fill(theirs, 64);
				assert_ptr_equal(own_memmove(ours + to, ours + from, n), ours + to);
				memmove(theirs + to, theirs + from, n);
				assert_memory_equal(ours, theirs, 64);
			}
}

static void copying_and_setting(void **state)
{
	(void)state;
	u8 source[64];
	fill(source, 64);
	for (size_t n = 0; n <= 40; n++) {
		u8 to[64] = { 0 };
		assert_ptr_equal(own_memcpy(to + 3, source + 1, n), to + 3);
		assert_memory_equal(to + 3, source + 1, n);
		assert_int_equal(to[2] | to[3 + n], 0);
		assert_ptr_equal(own_memset(to + 5, 0x1A5, n), to + 5);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(to[5 + i], 0xA5);
		assert_int_equal(to[5 + n], 0);
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void comparing(void **state)
{
	(void)state;
	static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "\xff", "a\x80" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
			assert_int_equal(sign(own_strcmp(words[i], words[k])), sign(strcmp(words[i], words[k])));
			for (size_t n = 0; n < 4; n++)
				assert_int_equal(
				        sign(own_strncmp(words[i], words[k], n)), sign(strncmp(words[i], words[k], n)));
		}
	assert_int_equal(own_memcmp("abc", "abd", 2), 0);
	assert_true(own_memcmp("abc", "abd", 3) < 0);
	assert_true(own_memcmp("\xff", "a", 1) > 0);
	assert_int_equal(own_memcmp("a\0b", "a\0c", 3), -1);
}

static void searching(void **state)
{
	(void)state;
	const char *s = "key/sub/leaf";
	assert_int_equal(own_strlen(""), 0);
	assert_int_equal(own_strlen(s), 12);
	assert_int_equal(own_strnlen(s, 5), 5);
	assert_int_equal(own_strnlen(s, 99), 12);
	assert_ptr_equal(own_strchr(s, '/'), s + 3);
	assert_ptr_equal(own_strrchr(s, '/'), s + 7);
	assert_ptr_equal(own_strchr(s, 0), s + 12);
	assert_ptr_equal(own_strrchr(s, 0), s + 12);
	assert_null(own_strchr(s, '#'));
	assert_null(own_strrchr(s, '#'));
	assert_ptr_equal(own_memchr(s, 's', 12), s + 4);
	assert_null(own_memchr(s, 's', 4));
	static const u8 high[2] = { 0x00, 0xFE };
	assert_ptr_equal(own_memchr(high, 0xFE, 2), high + 1);
}

static void numbers(void **state)
{
	(void)state;
	static const char *const texts[] = { "0", "17", "017", "0x1f", "0X1F", "0xg", "9z", "zz0", "ffffffffffffffff",
		"", "08", "0x" };
	static const int bases[] = { 0, 8, 10, 16, 36 };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t k = 0; k < ARRAY_SIZE(bases); k++) {
			char *ours;
			char *theirs;
			assert_true(own_strtoul(texts[i], &ours, bases[k]) == strtoul(texts[i], &theirs, bases[k]));
			assert_ptr_equal(ours, theirs);
		}
	char *end;
	assert_true(own_strtoul("18446744073709551615", NULL, 10) == ULONG_MAX);
	assert_true(own_strtoul("18446744073709551616", &end, 10) == ULONG_MAX);
	assert_int_equal(*end, 0);
	assert_true(own_strtoul("99999999999999999999999", NULL, 10) == ULONG_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moving_equals_the_c_library),
		cmocka_unit_test(copying_and_setting),
		cmocka_unit_test(comparing),
		cmocka_unit_test(searching),
		cmocka_unit_test(numbers),
	};
	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
