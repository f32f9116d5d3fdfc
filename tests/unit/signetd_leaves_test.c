/* Keys under the fleet CA: what is renewed when, and that a renewal which fails leaves nothing behind. */
#include "keys/files.h"
#include "signetd/certificate_time.h"
#include "signetd/init.h"
#include "signetd/key_files.h"
#include "signetd/server.h"
#include "signetd/storage_leaves.h"
#include "signetd/storage_meta.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, MINUTE_MS = 60000 };

static char parent[40], folder[64], keys[80];
static struct server server;
static u64 wall_now, monotonic_now;

static u64 wall(const struct clock *c)
{
	(void)c;
	return wall_now;
}

static u64 monotonic(const struct clock *c)
{
	(void)c;
	return monotonic_now;
}

static const struct clock moved = { wall, monotonic };

static int open_folder(void **state)
{
	const struct init_options o = { .folder = folder };

	(void)state;
	strcpy(parent, "/tmp/signetd-leaves-XXXXXX");
	if (!mkdtemp(parent))
		return -1;
	(void)snprintf(folder, sizeof(folder), "%s/fleet", parent);
	(void)snprintf(keys, sizeof(keys), "%s/keys", folder);
	wall_now = 1800000000;
	monotonic_now = 0;
	server = (struct server){ .clock = &moved };
	(void)snprintf(server.folder, sizeof(server.folder), "%s", folder);
	return init_folder(&o, &moved) || server_open(&server) ? -1 : 0;
}

static int close_folder(void **state)
{
	(void)state;
	server_close(&server);
	directory_remove(parent);
	return 0;
}

static u32 files(void)
{
	DIR *d = opendir(keys);
	u32 n = 0;

	assert_non_null(d);
	for (const struct dirent *entry; (entry = readdir(d));)
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static u32 tried;

static enum err no_add(struct storage *s, const struct leaf_entry *entry)
{
	(void)s;
	(void)entry;
	tried++;
	return ERR_STORAGE;
}

static enum err no_set(struct storage *s, const char *name, const char *value)
{
	(void)s;
	(void)name;
	(void)value;
	tried++;
	return ERR_STORAGE;
}

static void tick(u32 seconds)
{
	for (u32 i = 0; i < seconds; i++) {
		leaves_part.tick(&server);
		wall_now++;
		monotonic_now += 1000;
	}
}

static void leaves_that_cannot_be_recorded_leave_no_keys(void **state)
{
	const struct leaf_ops *whole = server.storage->leaves;
	struct leaf_ops broken = *whole;
	u32 before = files();

	(void)state;
	broken.add = no_add;
	tried = 0;
	wall_now += 25 * DAY;
	server.storage->leaves = &broken;
	tick(125);
	server.storage->leaves = whole;
	/* Three leaves, each minute. */
	assert_int_equal(tried, 3 * 3);
	assert_int_equal(files(), before);
	tick(61);
	assert_int_equal(files(), before);
	assert_true(leaf_current(server.leaves, LEAF_TICKET)->entry.made > wall_now - 100);
}

static void a_certificate_that_cannot_be_made_leaves_no_key(void **state)
{
	u32 before = files(), number = leaves_tls_number(server.leaves);

	(void)state;
	/* More than a certificate takes; no configuration file would be read with it. */
	(void)snprintf(server.config.hosts, sizeof(server.config.hosts), "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
	tick(70);
	assert_int_equal(files(), before);
	assert_int_equal(leaves_tls_number(server.leaves), number);
	(void)snprintf(server.config.hosts, sizeof(server.config.hosts), "a.example");
	tick(61);
	assert_int_equal(leaves_tls_number(server.leaves), number + 1);
	tick(61);
	assert_int_equal(leaves_tls_number(server.leaves), number + 1);
	assert_int_equal(files(), before);
}

static void hosts_that_cannot_be_noted_are_no_loop(void **state)
{
	const struct meta_ops *whole = server.storage->meta;
	struct meta_ops broken = *whole;
	u32 number = leaves_tls_number(server.leaves);

	(void)state;
	broken.set = no_set;
	server.storage->meta = &broken;
	(void)snprintf(server.config.hosts, sizeof(server.config.hosts), "a.example");
	tick(50);
	server.storage->meta = whole;
	assert_int_equal(leaves_tls_number(server.leaves), number + 1);
}

/* What would end with the CA, too, is not made each second. */
static void the_last_hours_of_the_ca_bring_one_certificate(void **state)
{
	u64 end = certificate_end(leaves_ca(server.leaves));
	u32 number = leaves_tls_number(server.leaves);

	(void)state;
	wall_now = end - 1200;
	tick(300);
	assert_int_equal(leaves_tls_number(server.leaves), number + 1);
}

static void key_files_are_counted_to_the_last(void **state)
{
	char path[PATH_MAX];

	(void)state;
	for (u32 i = 1; i <= 200; i++) {
		assert_int_equal(key_file_path(keys, "old", i, ".pem", path), OK);
		assert_int_equal(file_create(path, "x", 1, SECRET_MODE), OK);
	}
	assert_int_equal(key_file_newest(keys, "old", ".pem"), 200);
	assert_int_equal(key_file_next(keys, "old", 7), 201);
	assert_int_equal(key_file_next(keys, "old", 300), 301);
	u32 before = files();
	key_files_remove_older(keys, "old", ".pem", 199);
	assert_int_equal(files(), before - 198);
}

int main(void)
{
#define FOLDER_TEST(f) cmocka_unit_test_setup_teardown(f, open_folder, close_folder)
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(leaves_that_cannot_be_recorded_leave_no_keys),
		FOLDER_TEST(a_certificate_that_cannot_be_made_leaves_no_key),
		FOLDER_TEST(hosts_that_cannot_be_noted_are_no_loop),
		FOLDER_TEST(the_last_hours_of_the_ca_bring_one_certificate),
		FOLDER_TEST(key_files_are_counted_to_the_last),
	};

	return cmocka_run_group_tests_name("signetd leaves", tests, NULL, NULL);
}
