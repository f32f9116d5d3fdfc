/* Baselines in storage: their numbers, who needs which, and a database of the time when a class had one. */
#include "signetd/baselines.h"

#include "attest/verdicts.h"
#include "keys/files.h"
#include "signetd/storage_appraisals.h"
#include "signetd/storage_sqlite/sqlite.h"
#include "tests/unit/log_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[48], database[64];
static struct storage *storage;
static struct baselines all;

static void open_storage(void)
{
	assert_int_equal(storage_sqlite_open(database, &storage), OK);
}

static void close_storage(void)
{
	storage->transaction->close(storage);
	storage = NULL;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/signetd-baselines-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(database, sizeof(database), "%s/db", folder);
	open_storage();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (storage)
		close_storage();
	directory_remove(folder);
	return 0;
}

static const u8 *sample(size_t *n)
{
	static u8 bytes[SAMPLE_ROOM];
	struct log l = sample_log(bytes);

	sample_append(&l, 0, EV_SEPARATOR, "firmware", 8);
	sample_append(&l, 7, EV_SEPARATOR, "keys", 4);
	*n = l.bytes.used;
	return bytes;
}

static u64 add(const char *class)
{
	struct baseline_entry b = { .appraisal = 4, .approved = 100, .count = 2 };
	size_t n;
	const u8 *log = sample(&n);

	(void)snprintf(b.hardware_class, sizeof(b.hardware_class), "%s", class);
	(void)snprintf(b.approver, sizeof(b.approver), "anna");
	assert_int_equal(storage->baselines->add(storage, &b, log, n), OK);
	return b.number;
}

static void numbers_never_come_again(void **state)
{
	struct baseline_entry found;
	u8 *log = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(add("rack"), 1);
	assert_int_equal(add("rack"), 2);
	assert_int_equal(add("other"), 1);
	assert_int_equal(storage->baselines->remove(storage, "rack", 2), OK);
	assert_int_equal(storage->baselines->remove(storage, "rack", 2), ERR_STORAGE_ABSENT);
	assert_int_equal(add("rack"), 3);
	assert_int_equal(storage->baselines->find(storage, "rack", 2, &found, &log, &n), ERR_STORAGE_ABSENT);
	assert_int_equal(storage->baselines->find(storage, "rack", 3, &found, &log, &n), OK);
	assert_string_equal(found.hardware_class, "rack");
	assert_int_equal(found.number, 3);
	free(log);
	assert_int_equal(baselines_load(storage, "rack", &all), OK);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.list[0].number, 1);
	assert_int_equal(all.list[1].number, 3);
	assert_true(baseline_same(&all.list[0], &all.list[1]));
	assert_int_equal(baselines_load(storage, "", &all), OK);
	assert_int_equal(all.count, 0);
	for (size_t i = 2; i < BASELINES_MAX + 1; i++)
		(void)add("rack");
	assert_int_equal(baselines_load(storage, "rack", &all), ERR_RANGE);
}

static void put_node(u8 id, const char *class, u64 baseline, u64 since)
{
	static struct node_entry n;

	n = (struct node_entry){ .id = { id }, .state = NODE_ENROLLED, .baseline = baseline, .baseline_since = since };
	n.seen = n.appraised = true;
	n.appraised_at = 70;
	(void)snprintf(n.hardware_class, sizeof(n.hardware_class), "%s", class);
	assert_int_equal(storage->nodes->put(storage, &n), OK);
}

static void nodes_are_counted(void **state)
{
	struct baseline_use uses[3] = {
		{ .entry = { .hardware_class = "rack", .number = 1 } },
		{ .entry = { .hardware_class = "rack", .number = 2 } },
		{ .entry = { .hardware_class = "shelf", .number = 1 } },
	};

	(void)state;
	put_node(1, "rack", 1, 50);
	put_node(2, "rack", 1, 40);
	put_node(3, "rack", 0, 30);
	put_node(4, "shelf", 1, 20);
	put_node(5, "elsewhere", 1, 10);
	assert_int_equal(baselines_count(storage, uses, ARRAY_SIZE(uses)), OK);
	assert_int_equal(uses[0].nodes, 2);
	assert_int_equal(uses[0].since, 40);
	assert_int_equal(uses[1].nodes, 0);
	assert_int_equal(uses[1].since, 0);
	assert_int_equal(uses[2].nodes, 1);
	assert_int_equal(uses[2].since, 20);
}

/* The tables as they were, with the rows that are there; a node's record ended before its baseline. */
static void make_old(void)
{
	static const char sql[] =
	        "CREATE TABLE old (class TEXT PRIMARY KEY, node BLOB NOT NULL, appraisal INTEGER NOT NULL,"
	        " approver TEXT NOT NULL, approved INTEGER NOT NULL, count INTEGER NOT NULL, log BLOB NOT NULL) STRICT;"
	        "INSERT INTO old SELECT class, node, appraisal, approver, approved, count, log FROM baselines;"
	        "DROP TABLE baselines; DROP TABLE baseline_numbers; ALTER TABLE old RENAME TO baselines;"
	        "ALTER TABLE appraisals DROP COLUMN baseline;"
	        "UPDATE nodes SET record = CAST(x'01000000' || substr(record, 5, length(record) - 20) AS BLOB);"
	        "UPDATE schema SET version = 1 WHERE topic IN ('baselines', 'appraisals')";
	sqlite3 *db;

	close_storage();
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	open_storage();
}

static void put_appraisal(u64 number, enum verdict v)
{
	struct appraisal_entry a = { .node = { 1 }, .number = number, .verdict = v, .baseline = 77 };

	assert_int_equal(storage->appraisals->add(storage, &a, (const u8 *)"x", 1), OK);
}

static u64 baseline_of_appraisal(u64 number)
{
	struct appraisal_entry a;

	assert_int_equal(storage->appraisals->find(storage, (const u8[ATTEST_ID_SIZE]){ 1 }, number, &a), OK);
	return a.baseline;
}

static void old_databases_are_taken_over(void **state)
{
	static struct node_entry n;
	struct baseline_entry found;
	u8 *log = NULL;
	size_t length = 0, expected;
	const u8 *bytes = sample(&expected);

	(void)state;
	assert_int_equal(add("rack"), 1);
	put_node(1, "rack", 5, 60);
	put_appraisal(1, VERDICT_GOOD);
	put_appraisal(2, VERDICT_BASELINE_DIFFERS);
	make_old();
	assert_int_equal(storage->baselines->find(storage, "rack", 1, &found, &log, &length), OK);
	assert_string_equal(found.approver, "anna");
	assert_int_equal(found.appraisal, 4);
	assert_int_equal(found.approved, 100);
	assert_int_equal(length, expected);
	assert_memory_equal(log, bytes, expected);
	free(log);
	/* The node was good, so it needs that one; until when, nobody wrote down. */
	assert_int_equal(storage->nodes->find(storage, (const u8[ATTEST_ID_SIZE]){ 1 }, &n), OK);
	assert_string_equal(n.hardware_class, "rack");
	assert_int_equal(n.baseline, 1);
	assert_int_equal(n.baseline_since, 70);
	assert_int_equal(baseline_of_appraisal(1), 0);
	assert_int_equal(baseline_of_appraisal(2), 1);
	assert_int_equal(add("rack"), 2);
	/* What was taken over is written in the new form, and opens again. */
	n.baseline = 2;
	assert_int_equal(storage->nodes->put(storage, &n), OK);
	close_storage();
	open_storage();
	assert_int_equal(storage->nodes->find(storage, (const u8[ATTEST_ID_SIZE]){ 1 }, &n), OK);
	assert_int_equal(n.baseline, 2);
	assert_int_equal(baselines_load(storage, "rack", &all), OK);
	assert_int_equal(all.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_never_come_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nodes_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_databases_are_taken_over, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("fleet_baselines", tests, NULL, NULL);
}
