/* Parts of guests as the agent keeps them: so many on a store that lasts, none in memory. */
#include "agent/agentd/guests.h"
#include "keys/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MADE = 40, KEPT = 32 };

static char folder[64], store[80], run[80];
static const struct agent_options o = { .store = store, .run = run };

/* The folder's file system says whether it is memory. */
static void make_folders(const char *pattern)
{
	(void)snprintf(folder, sizeof(folder), "%s", pattern);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(store, sizeof(store), "%s/store", folder);
	(void)snprintf(run, sizeof(run), "%s/run", folder);
	assert_int_equal(mkdir(store, 0700), 0);
	assert_int_equal(mkdir(run, 0700), 0);
}

/* Each used a second after the one before. */
static void make_blob(u8 number)
{
	const struct timespec when[2] = { { .tv_sec = 1000 + number }, { .tv_sec = 1000 + number } };
	const u8 digest[SHA384_SIZE] = { number };
	char path[GUEST_PATH_MAX];

	assert_int_equal(blob_path(&o, digest, path), OK);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail_msg("cannot make %s", path);
		return;
	}
	assert_int_equal(futimens(fd, when), 0);
	(void)close(fd);
}

static bool is_kept(u8 number)
{
	const u8 digest[SHA384_SIZE] = { number };
	char path[GUEST_PATH_MAX];

	assert_int_equal(blob_path(&o, digest, path), OK);
	return access(path, F_OK) == 0;
}

static void a_store_keeps_those_used_last(void **state)
{
	(void)state;
	make_folders("build/blobs.XXXXXX");
	assert_true(store_lasts(&o));
	for (u8 i = 0; i < MADE; i++)
		make_blob((u8)((i * 7) % MADE));
	blobs_trim(&o);
	for (u8 i = 0; i < MADE; i++)
		assert_int_equal(is_kept(i), i >= MADE - KEPT);
	blobs_trim(&o);
	assert_true(is_kept(MADE - KEPT));
	directory_remove(folder);
}

static void memory_keeps_none(void **state)
{
	char path[GUEST_PATH_MAX];

	(void)state;
	make_folders("/dev/shm/blobs.XXXXXX");
	assert_false(store_lasts(&o));
	make_blob(1);
	make_blob(2);
	assert_int_equal(blob_path(&o, (const u8[SHA384_SIZE]){ 1 }, path), OK);
	assert_memory_equal(path, run, strlen(run));
	blobs_trim(&o);
	assert_false(is_kept(1) || is_kept(2));
	directory_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_keeps_those_used_last),
		cmocka_unit_test(memory_keeps_none),
	};

	return cmocka_run_group_tests_name("agent blobs", tests, NULL, NULL);
}
