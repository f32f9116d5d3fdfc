/* Orders as the agent takes them: guests' definitions, commands carried out once, its own log. */
#include "agent/agentd/guests.h"
#include "agent/agentd/results.h"
#include "keys/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static bool read_order(const char *text, struct guest_order *out)
{
	char why[160] = "";
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);

	assert_non_null(doc);
	bool good = guest_order_read(yyjson_doc_get_root(doc), out, why, sizeof(why));
	assert_int_equal(good, why[0] == '\0');
	yyjson_doc_free(doc);
	return good;
}

static void definitions_become_guests(void **state)
{
	static struct guest_order o;

	(void)state;
	assert_true(read_order(
	        "{\"name\":\"web\",\"memory\":536870912,\"vcpus\":2,\"kernel\":\"" DIGEST "\",\"initramfs\":null,"
	        "\"commandLine\":\"console=ttyS0 a=b\",\"disks\":[{\"path\":\"/store/a b\",\"readOnly\":true}],"
	        "\"nets\":[\"52:54:00:12:34:56\"],\"autostart\":true}",
	        &o));
	assert_string_equal(o.file.name, "web");
	assert_int_equal(o.file.memory, MIB(512));
	assert_int_equal(o.file.vcpus, 2);
	assert_string_equal(o.file.command_line, "console=ttyS0 a=b");
	assert_string_equal(o.file.disk[0].path, "/store/a b");
	assert_true(o.file.disk[0].read_only);
	assert_int_equal(o.file.mac[0][5], 0x56);
	assert_false(o.has_initramfs);
	assert_int_equal(o.kernel[1], 0x11);
}

/* What `signet guest run` sends for a guest without one is an empty text. */
static void a_command_line_may_be_empty(void **state)
{
	static struct guest_order o;

	(void)state;
	assert_true(read_order("{\"name\":\"web\",\"memory\":536870912,\"vcpus\":1,\"kernel\":\"" DIGEST
	                       "\",\"commandLine\":\"\"}",
	        &o));
	assert_string_equal(o.file.command_line, "");
}

#define BEGIN "{\"name\":\"web\",\"memory\":536870912,\"vcpus\":1,\"kernel\":\"" DIGEST "\""

static void definitions_are_checked(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		BEGIN ",\"color\":1}",
		BEGIN ",\"name\":\"two\"}",
		BEGIN ",\"initramfs\":\"00\"}",
		BEGIN ",\"disks\":[{\"path\":\"relative\"}]}",
		BEGIN ",\"disks\":[{\"path\":\"/a\",\"readOnly\":1}]}",
		BEGIN ",\"disks\":[1]}",
		BEGIN ",\"disks\":[{\"path\":\"/a\"},{\"path\":\"/a\"},{\"path\":\"/a\"},{\"path\":\"/"
		      "a\"},{\"path\":\"/a\"}]}",
		BEGIN ",\"nets\":[\"52:54:00:12:34\"]}",
		BEGIN ",\"nets\":[\"53:54:00:12:34:56\"]}",
		BEGIN ",\"nets\":[\"52:54:00\\n12:34:56\"]}",
		BEGIN ",\"commandLine\":\"a\\nmemory = 4G\"}",
		"{\"name\":\"7\",\"memory\":536870912,\"vcpus\":1,\"kernel\":\"" DIGEST "\"}",
		"{\"name\":\"web\",\"memory\":1,\"vcpus\":1,\"kernel\":\"" DIGEST "\"}",
		"{\"name\":\"web\",\"memory\":0,\"vcpus\":1,\"kernel\":\"" DIGEST "\"}",
		"{\"name\":\"web\",\"memory\":536870912,\"vcpus\":0,\"kernel\":\"" DIGEST "\"}",
	};
	static struct guest_order o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(read_order(bad[i], &o));
}

static void make_file(const char *folder, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	(void)fclose(f);
}

static bool disk_fits(const struct agent_options *o, const char *folder, const char *name)
{
	static struct guest_file g;
	char why[160] = "";

	g.disks = 1;
	(void)snprintf(g.disk[0].path, sizeof(g.disk[0].path), "%s%s", folder, name);
	bool fits = guest_disks_fit(o, &g, why, sizeof(why));
	assert_int_equal(fits, why[0] == '\0');
	return fits;
}

static void disks_are_guests_own(void **state)
{
	static const char *const folders[] = { "store", "store/blobs", "store/fleet-guests", "store/more", "store-2" };
	char folder[] = "build/disks.XXXXXX", store[64], path[128];
	const struct agent_options o = { .store = store, .parts = folder };

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(store, sizeof(store), "%s/store", folder);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		make_file(path, "disk");
	}
	(void)snprintf(path, sizeof(path), "%s/link", store);
	assert_int_equal(symlink("../store-2/disk", path), 0);
	assert_true(disk_fits(&o, store, "/disk"));
	assert_true(disk_fits(&o, store, "/more/../more/disk"));
	assert_false(disk_fits(&o, store, "/blobs/disk"));
	assert_false(disk_fits(&o, store, "/more/../fleet-guests/disk"));
	assert_false(disk_fits(&o, store, "-2/disk"));
	assert_false(disk_fits(&o, store, "/link"));
	assert_false(disk_fits(&o, store, "/more"));
	assert_false(disk_fits(&o, store, "/none"));
	assert_false(disk_fits(&o, "", "/proc/self/exe"));
	assert_false(disk_fits(&o, "", "/dev/zero"));
	directory_remove(folder);
}

static yyjson_mut_doc *answer(u64 id)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_uint(doc, root, "id", id);
	(void)yyjson_mut_obj_add_bool(doc, root, "ok", true);
	return doc;
}

/* What a poll would carry. */
static u64 poll_text(char text[4096])
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	u64 mark = results_put(doc, root);
	char *written = yyjson_mut_write(doc, 0, NULL);
	(void)snprintf(text, 4096, "%s", written);
	free(written);
	yyjson_mut_doc_free(doc);
	return mark;
}

static u32 woken;

static void count_wakes(void *context)
{
	(void)context;
	woken++;
}

/* What goes on by itself is not remembered as begun: the next agent takes it up, and does not say it was interrupted.
 */
static void updates_outlive_the_agent(void **state)
{
	char folder[] = "build/results.XXXXXX", path[64], text[4096];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(results_load(folder), OK);
	assert_true(results_begin(5, false));
	assert_true(results_begin(6, true));
	assert_false(results_begin(6, true));
	(void)snprintf(path, sizeof(path), "%s/5", folder);
	assert_int_equal(access(path, F_OK), 0);
	(void)snprintf(path, sizeof(path), "%s/6", folder);
	assert_int_not_equal(access(path, F_OK), 0);
	results_end(5, answer(5));
	results_end(6, answer(6));
	assert_int_equal(access(path, F_OK), 0);
	results_sent(poll_text(text));
}

static void commands_are_carried_out_once(void **state)
{
	char folder[] = "build/results.XXXXXX", text[4096];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(results_load(folder), OK);
	results_wake(count_wakes, NULL);
	assert_true(results_begin(7, false));
	assert_false(results_begin(7, false));
	(void)poll_text(text);
	assert_string_equal(text, "{\"results\":[],\"running\":[7]}");
	u32 before = woken;
	results_end(7, answer(7));
	assert_true(woken > before);
	u64 lost = poll_text(text);
	assert_string_equal(text, "{\"results\":[{\"id\":7,\"ok\":true}],\"running\":[]}");
	/* A poll that was not answered may have arrived or not: it goes out again. */
	u64 mark = poll_text(text);
	assert_string_equal(text, "{\"results\":[{\"id\":7,\"ok\":true}],\"running\":[]}");
	results_sent(lost);
	assert_false(results_await_sent(7, 0));
	results_sent(mark);
	(void)poll_text(text);
	assert_string_equal(text, "{\"results\":[],\"running\":[]}");
	/* The fleet server did not get it after all. */
	assert_false(results_begin(7, false));
	results_sent(poll_text(text));
	assert_string_equal(text, "{\"results\":[{\"id\":7,\"ok\":true}],\"running\":[]}");
	/* Places are given on: the oldest answer that has arrived goes first. */
	for (u64 id = 100; id < 100 + RESULTS_MAX; id++)
		assert_true(results_begin(id, false));
	assert_false(results_begin(1000, false));
	results_end(100, answer(100));
	results_sent(poll_text(text));
	assert_true(results_begin(1000, false));
}

static void the_log_keeps_its_end(void **state)
{
	char text[100];
	u64 offset = 0, end;

	(void)state;
	tell("first %d", 1);
	size_t n = ring_read(&offset, &end, text, sizeof(text));
	assert_int_equal(offset, 0);
	assert_int_equal(end, n);
	assert_memory_equal(text + n - 8, "first 1\n", 8);
	for (u32 i = 0; i < 5000; i++)
		tell("line %u", i);
	n = ring_read(&offset, &end, text, sizeof(text));
	assert_int_equal(n, sizeof(text));
	assert_int_equal(offset, end - RING_SIZE);
	offset = end - 5;
	assert_int_equal(ring_read(&offset, &end, text, sizeof(text)), 5);
	assert_memory_equal(text, "4999\n", 5);
	offset = end + 1;
	assert_int_equal(ring_read(&offset, &end, text, sizeof(text)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions_become_guests),
		cmocka_unit_test(a_command_line_may_be_empty),
		cmocka_unit_test(definitions_are_checked),
		cmocka_unit_test(disks_are_guests_own),
		cmocka_unit_test(updates_outlive_the_agent),
		cmocka_unit_test(commands_are_carried_out_once),
		cmocka_unit_test(the_log_keeps_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
