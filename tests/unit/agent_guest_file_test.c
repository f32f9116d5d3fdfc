/* A guest's file: what is accepted, what is refused and in which words, and that nothing leaves its bounds. */
#include "agent/guest/guest_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEAST "name = a\nmemory = 32M\nkernel = k\n"

static const char whole[] = "# a web server\n"
                            "name = web-1.x_y \t\n"
                            "memory=4G\n"
                            "\n"
                            "  vcpus =  2 \n"
                            "kernel = ../boot/vmlinuz\n"
                            "initramfs = initrd\n"
                            "command-line = console=ttyS0 root=/dev/vda # no comment\n"
                            "disk = web data.img\n"
                            "disk = /dev/sdb   read-only\n"
                            "net = 52:54:00:aB:Cd:0f\n"
                            "net = 02:00:00:00:00:01";

static struct guest_file g;
static struct guest_file_problem problem;

static enum err parse(const char *text)
{
	return guest_file_parse(text, strlen(text), &g, &problem);
}

static void a_whole_file_is_taken(void **state)
{
	static const u8 mac[] = { 0x52, 0x54, 0, 0xab, 0xcd, 0x0f };

	(void)state;
	assert_int_equal(parse(whole), OK);
	assert_string_equal(g.name, "web-1.x_y");
	assert_int_equal(g.memory, (u64)4 << 30);
	assert_int_equal(g.vcpus, 2);
	assert_string_equal(g.kernel, "../boot/vmlinuz");
	assert_string_equal(g.initramfs, "initrd");
	assert_string_equal(g.command_line, "console=ttyS0 root=/dev/vda # no comment");
	assert_int_equal(g.disks, 2);
	assert_string_equal(g.disk[0].path, "web data.img");
	assert_false(g.disk[0].read_only);
	assert_string_equal(g.disk[1].path, "/dev/sdb");
	assert_true(g.disk[1].read_only);
	assert_int_equal(g.nets, 2);
	assert_memory_equal(g.mac[0], mac, sizeof(mac));
	assert_null(problem.words);
}

static void the_least_file_is_taken(void **state)
{
	(void)state;
	assert_int_equal(parse(LEAST), OK);
	assert_int_equal(g.vcpus, 1);
	assert_int_equal(g.memory, MIB(32));
	assert_int_equal(g.disks + g.nets, 0);
	assert_string_equal(g.initramfs, "");
	assert_string_equal(g.command_line, "");
}

static const struct {
	const char *text;
	u32 line;
	const char *words;
} refused[] = {
	{ "", 0, "name is missing" },
	{ "name = a\nkernel = k\n", 0, "memory is missing" },
	{ "name = a\nmemory = 32M\n", 0, "kernel is missing" },
	{ LEAST "colour = red\n", 4, "unknown key" },
	{ LEAST "kernel = other\n", 4, "too often" },
	{ LEAST "just words\n", 4, "key = value" },
	{ LEAST "= value\n", 4, "unknown key" },
	{ LEAST "disk =\n", 4, "missing" },
	{ LEAST "disk = a\x01z\n", 4, "control character" },
	{ LEAST "disk = a\r\n", 4, "control character" },
	{ LEAST "vcpus = 0\n", 4, "from 1 to 32" },
	{ LEAST "vcpus = 33\n", 4, "from 1 to 32" },
	{ LEAST "vcpus = 2x\n", 4, "from 1 to 32" },
	{ LEAST "vcpus = -1\n", 4, "from 1 to 32" },
	{ LEAST "net = 52:54:00:ab:cd\n", 4, "MAC address" },
	{ LEAST "net = 52:54:00:ab:cd-0f\n", 4, "MAC address" },
	{ LEAST "net = 52:54:00:ab:cd:0g\n", 4, "MAC address" },
	{ LEAST "net = 53:54:00:ab:cd:0f\n", 4, "names a group" },
	{ LEAST "disk=1\ndisk=2\ndisk=3\ndisk=4\ndisk=5\n", 8, "too often" },
	{ LEAST "net=02:00:00:00:00:01\nnet=02:00:00:00:00:02\nnet=02:00:00:00:00:03\n", 6, "too often" },
	{ "name = 7\n", 1, "begins with a letter" },
	{ "name = a/b\n", 1, "begins with a letter" },
	{ "name = abcdefghijklmnopqrstuvwxyzabcdef\n", 1, "too long" },
	{ "memory = 3M\n", 1, "multiple of 2M" },
	{ "memory = 0M\n", 1, "multiple of 2M" },
	{ "memory = 30M\n", 1, "from 32M" },
	{ "memory = 4\n", 1, "multiple of 2M" },
	{ "memory = 2MB\n", 1, "multiple of 2M" },
	{ "memory = 1025G\n", 1, "multiple of 2M" },
	{ "memory = 99999999999999999999M\n", 1, "multiple of 2M" },
};

static void every_mistake_has_its_line_and_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_int_equal(parse(refused[i].text), ERR_ARGUMENT);
		assert_int_equal(problem.line, refused[i].line);
		if (!strstr(problem.words, refused[i].words))
			fail_msg("%s: %s", refused[i].text, problem.words);
	}
	assert_int_equal(parse("name = abcdefghijklmnopqrstuvwxyzabcde\nmemory = 1024G\nvcpus = 32\nkernel = k"), OK);
}

static void lengths_are_bounded(void **state)
{
	static char text[GUEST_FILE_MAX + 1];
	const size_t line = (size_t)GUEST_COMMAND_LINE_MAX - 1;
	size_t n = sizeof(LEAST "command-line = ") - 1;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, LEAST "command-line = ", n);
	assert_int_equal(guest_file_parse(text, n + line, &g, &problem), OK);
	assert_int_equal(strlen(g.command_line), line);
	assert_int_equal(guest_file_parse(text, n + line + 1, &g, &problem), ERR_ARGUMENT);
	assert_string_equal(problem.words, "the value is too long");

	memcpy(text, LEAST "#", sizeof(LEAST "#") - 1);
	assert_int_equal(guest_file_parse(text, GUEST_FILE_MAX, &g, &problem), OK);
	assert_int_equal(guest_file_parse(text, GUEST_FILE_MAX + 1, &g, &problem), ERR_ARGUMENT);
	assert_string_equal(problem.words, "the file is too long");
}

/* The sanitizers watch: each copy lies in a block of exactly its length. */
static void damaged_files_stay_in_bounds(void **state)
{
	const size_t n = sizeof(whole) - 1;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		char *copy = malloc(cut ? cut : 1);
		assert_non_null(copy);
		memcpy(copy, whole, cut);
		enum err e = guest_file_parse(copy, cut, &g, &problem);
		assert_true(e == ERR_ARGUMENT || (!e && g.name[0] && g.kernel[0] && g.memory));
		free(copy);
	}
	for (size_t at = 0; at < n; at++)
		for (u32 byte = 0; byte < 256; byte += 5) {
			char copy[sizeof(whole)];

			memcpy(copy, whole, sizeof(whole));
			copy[at] = (char)byte;
			enum err e = guest_file_parse(copy, n, &g, &problem);
			assert_true((e == OK) == (problem.words == NULL));
			assert_true(g.disks <= CONTROL_DISKS_MAX && g.nets <= CONTROL_NETS_MAX);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_taken),
		cmocka_unit_test(the_least_file_is_taken),
		cmocka_unit_test(every_mistake_has_its_line_and_words),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(damaged_files_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
