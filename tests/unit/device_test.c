/* What the kernel tells about block devices, from a folder in the shape of /sys and /proc. */
#include "image/flash/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[] = "/tmp/device-XXXXXX";
static const struct kernel_view view = { .root = root };

static void make_folder(const char *name)
{
	char path[PATH_MAX];

	assert_true(snprintf(path, sizeof(path), "%s/%s", root, name) < PATH_MAX);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];

	assert_true(snprintf(path, sizeof(path), "%s/%s", root, name) < PATH_MAX);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

#define DISK "sys/dev/block/8:16"

static int make(void **state)
{
	static const char *const folders[] = { "proc", "proc/self", "sys", "sys/dev", "sys/dev/block", DISK,
		DISK "/device", DISK "/holders", DISK "/sdb1", DISK "/sdb10", DISK "/sdb2", DISK "/queue" };

	(void)state;
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		make_folder(folders[i]);
	put(DISK "/size", "31277232\n");
	put(DISK "/ro", "0\n");
	put(DISK "/uevent", "MAJOR=8\nMINOR=16\nDEVNAME=sdb\nDEVTYPE=disk\n");
	put(DISK "/device/model", "Flash Disk      \n");
	put(DISK "/sdb1/partition", "1\n");
	put(DISK "/sdb1/size", "131072\n");
	put(DISK "/sdb1/dev", "8:17\n");
	put(DISK "/sdb2/partition", "2\n");
	put(DISK "/sdb2/dev", "8:18\n");
	put(DISK "/sdb10/partition", "10\n");
	put(DISK "/sdb10/dev", "8:26\n");
	put("proc/self/mountinfo", "21 1 0:19 / / rw - ext4 /dev/root rw\n");
	return 0;
}

static int remove_all(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void expect_objection(const char *words)
{
	struct device d;
	char text[256];

	assert_int_equal(device_examine(&view, 8, 16, &d), OK);
	const char *objection = device_objection(&d, text, sizeof(text));
	if (!words)
		assert_null(objection);
	else
		assert_non_null(objection ? strstr(objection, words) : NULL);
}

static void a_free_disk(void **state)
{
	struct device d;

	(void)state;
	assert_int_equal(device_examine(&view, 8, 16, &d), OK);
	assert_string_equal(d.name, "sdb");
	assert_string_equal(d.model, "Flash Disk");
	assert_int_equal(d.length, 31277232ull * 512);
	assert_int_equal(d.partition_count, 3);
	assert_string_equal(d.partitions[2].name, "sdb10");
	assert_int_equal(d.partitions[0].length, MIB(64));
	expect_objection(NULL);
}

static void an_unknown_device(void **state)
{
	struct device d;

	(void)state;
	assert_int_equal(device_examine(&view, 8, 1, &d), ERR_DEVICE);
}

static void mounted(void **state)
{
	(void)state;
	put("proc/self/mountinfo", "30 1 8:16 / /mnt/key rw - ext4 /dev/sdb rw\n");
	expect_objection("mounted on /mnt/key");
	put("proc/self/mountinfo",
	        "21 1 0:19 / / rw - ext4 /dev/root rw\n30 1 8:26 /sub /mnt/key rw,noatime - ext4 x rw\n");
	expect_objection("its partition sdb10 is mounted on /mnt/key");
	/* 8:1 and 8:160 are other devices. */
	put("proc/self/mountinfo", "30 1 8:1 / /mnt rw - ext4 x rw\n31 1 8:160 / /home rw - ext4 y rw\n");
	expect_objection(NULL);
}

static void claimed_or_protected(void **state)
{
	(void)state;
	put(DISK "/holders/md0", "");
	expect_objection("RAID");
	char path[PATH_MAX];
	assert_true(snprintf(path, sizeof(path), "%s/" DISK "/holders/md0", root) < PATH_MAX);
	assert_int_equal(remove(path), 0);
	put(DISK "/ro", "1\n");
	expect_objection("write-protected");
	put(DISK "/ro", "0\n");
	put(DISK "/partition", "3\n");
	expect_objection("a partition");
	assert_true(snprintf(path, sizeof(path), "%s/" DISK "/partition", root) < PATH_MAX);
	assert_int_equal(remove(path), 0);
	expect_objection(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_disk),
		cmocka_unit_test(an_unknown_device),
		cmocka_unit_test(mounted),
		cmocka_unit_test(claimed_or_protected),
	};

	return cmocka_run_group_tests(tests, make, remove_all);
}
