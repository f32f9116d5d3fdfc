/* Guests' disks as the block server holds them: open for a second, however busy it is. */
#include "agent/blkd/disks.h"
#include "keys/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[40];

static void make_disk(u32 guest, off_t size)
{
	char path[DISK_PATH_MAX];

	disk_folder(path, folder, guest);
	(void)mkdir(path, 0700);
	disk_path(path, folder, guest, 0, false);
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	(void)close(fd);
}

static const struct disk *find(u32 guest, u64 now)
{
	const struct disk *disk = disk_find(folder, guest, 0, now);

	assert_non_null(disk);
	return disk;
}

static int open_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/disks-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
	(void)state;
	disks_expire(UINT64_MAX / 2);
	directory_remove(folder);
	return 0;
}

static void a_disk_that_was_replaced_is_noticed(void **state)
{
	(void)state;
	make_disk(1, 4096);
	u64 now = 5000;
	assert_int_equal(find(1, now)->size, 4096);
	make_disk(1, 8192);
	for (; now < 5000 + DISK_OPEN_MS; now += 100)
		assert_int_equal(find(1, now)->size, 4096);
	assert_int_equal(find(1, now)->size, 8192);
}

/* Other guests' requests leave no second free. */
static void the_file_of_a_guest_that_is_gone_is_let_go(void **state)
{
	(void)state;
	make_disk(1, 4096);
	make_disk(2, 4096);
	int fd = find(1, 20000)->fd;
	for (u64 now = 20000; now < 20000 + DISK_OPEN_MS; now += 100)
		(void)find(2, now);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	disks_expire(20000 + DISK_OPEN_MS);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_disk_that_was_replaced_is_noticed, open_folder, close_folder),
		cmocka_unit_test_setup_teardown(the_file_of_a_guest_that_is_gone_is_let_go, open_folder, close_folder),
	};

	return cmocka_run_group_tests_name("agent disks", tests, NULL, NULL);
}
