/* The launch measurement against a record laid out by hand, and that each of its fields counts. */
#include "attest/launch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct launch launch;

static int set_up(void **state)
{
	(void)state;
	memset(&launch, 0, sizeof(launch));
	memset(launch.kernel, 1, SHA384_SIZE);
	memset(launch.initramfs, 2, SHA384_SIZE);
	memset(launch.command_line, 3, SHA384_SIZE);
	launch.memory = 0x0000000123400000;
	launch.vcpus = 5;
	launch.disks = 6;
	launch.nets = 7;
	return 0;
}

static void the_digest_is_that_of_the_record(void **state)
{
	u8 record[200] = "SIGNET guest launch 1", digest[SHA384_SIZE], expected[SHA384_SIZE];
	static const u8 shape[] = { 0, 0, 0x40, 0x23, 1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7 };
	(void)state;
	memset(record + 32, 1, 48);
	memset(record + 80, 2, 48);
	memset(record + 128, 3, 48);
	memcpy(record + 176, shape, sizeof(shape));
	sha384_of(record, sizeof(record), expected);
	launch_digest(&launch, digest);
	assert_memory_equal(digest, expected, SHA384_SIZE);
}

static void every_field_counts(void **state)
{
	u8 *field[] = { launch.kernel, launch.initramfs + 47, launch.command_line, (u8 *)&launch.memory + 2,
		(u8 *)&launch.vcpus, (u8 *)&launch.disks, (u8 *)&launch.nets };
	u8 before[SHA384_SIZE], after[SHA384_SIZE];
	(void)state;
	launch_digest(&launch, before);
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		*field[i] ^= 1;
		launch_digest(&launch, after);
		assert_memory_not_equal(before, after, SHA384_SIZE);
		*field[i] ^= 1;
	}
	launch_digest(&launch, after);
	assert_memory_equal(before, after, SHA384_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_digest_is_that_of_the_record, set_up),
		cmocka_unit_test_setup(every_field_counts, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
