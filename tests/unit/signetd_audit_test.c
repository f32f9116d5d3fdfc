/* The audit log: the chain, what breaks it, and that storage keeps it. */
#include "signetd/audit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/signetd-audit-XXXXXX", file[64];
static struct server server;

static u64 fixed_wall(const struct clock *c)
{
	(void)c;
	return 1700000000;
}

static const struct clock fixed = { .wall = fixed_wall };

static int open_log(void **state)
{
	(void)state;
	strcpy(path, "/tmp/signetd-audit-XXXXXX");
	if (!mkdtemp(path))
		return -1;
	(void)snprintf(file, sizeof(file), "%s/db", path);
	server = (struct server){ .clock = &fixed };
	if (storage_sqlite_open(file, &server.storage))
		return -1;
	for (int i = 1; i <= 5; i++)
		if (audit_event(&server, "test", "subject", "entry %d with \"quotes\" and \n", i))
			return -1;
	return 0;
}

static void remove_file(const char *suffix)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "%s%s", file, suffix);
	(void)unlink(name);
}

static int close_log(void **state)
{
	(void)state;
	server.storage->transaction->close(server.storage);
	remove_file("");
	remove_file("-wal");
	remove_file("-shm");
	return rmdir(path);
}

/* Somebody with the database file: he can drop our triggers too. */
static void tamper(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(
	        sqlite3_exec(db, "DROP TRIGGER audit_stays; DROP TRIGGER audit_kept", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void broken_at(u64 entry)
{
	struct audit_walk w;

	assert_int_equal(audit_verify(server.storage, &w), entry ? ERR_AUDIT_CHAIN : OK);
	assert_int_equal(w.broken, entry);
}

static void a_whole_chain_verifies(void **state)
{
	struct audit_walk w;

	(void)state;
	assert_int_equal(audit_verify(server.storage, &w), OK);
	assert_int_equal(w.number, 5);
}

static void a_changed_entry_breaks_it_there(void **state)
{
	(void)state;
	tamper("UPDATE audit SET content = replace(content, 'entry 3', 'entry 8') WHERE number = 3");
	broken_at(3);
}

static void a_removed_entry_breaks_it_after(void **state)
{
	(void)state;
	tamper("DELETE FROM audit WHERE number = 2");
	broken_at(3);
}

static void a_removed_beginning_breaks_it(void **state)
{
	(void)state;
	tamper("DELETE FROM audit WHERE number <= 2");
	broken_at(3);
}

static void swapped_entries_break_it(void **state)
{
	(void)state;
	tamper("UPDATE audit SET number = 99 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3;"
	       "UPDATE audit SET number = 3 WHERE number = 99");
	broken_at(2);
}

static void a_forged_hash_breaks_it(void **state)
{
	(void)state;
	tamper("UPDATE audit SET hash = zeroblob(48) WHERE number = 5");
	broken_at(5);
}

static void our_own_slips_change_nothing(void **state)
{
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET content = ''", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	broken_at(0);
}

static void an_overlong_entry_keeps_its_subject(void **state)
{
	struct audit_record last;
	char detail[600];

	(void)state;
	memset(detail, 1, sizeof(detail)); /* \u0001: six bytes each */
	detail[sizeof(detail) - 1] = 0;
	assert_int_equal(audit_event(&server, "test", "whom", "%s", detail), OK);
	assert_int_equal(server.storage->audit->last(server.storage, &last), OK);
	assert_non_null(strstr(last.content, "whom"));
	broken_at(0);
}

static void a_rolled_back_entry_was_never_there(void **state)
{
	struct storage *s = server.storage;

	(void)state;
	assert_int_equal(s->transaction->begin(s), OK);
	assert_int_equal(audit_event(&server, "test", "outer", "x"), OK);
	assert_int_equal(s->transaction->begin(s), OK);
	assert_int_equal(audit_event(&server, "test", "inner", "x"), OK);
	s->transaction->rollback(s);
	assert_int_equal(audit_event(&server, "test", "outer", "y"), OK);
	assert_int_equal(s->transaction->commit(s), OK);
	struct audit_walk w;
	assert_int_equal(audit_verify(s, &w), OK);
	assert_int_equal(w.number, 7);
}

/* The chain as docs/signetd.md describes it, from the paper and not from the code. */
static void the_first_hash_is_the_documented_one(void **state)
{
	static const char content[] = "{}";
	u8 message[16 + 48 + 8 + 8 + 2] = "signet audit 1", expected[SHA384_SIZE], hash[SHA384_SIZE];
	const u8 before[SHA384_SIZE] = { 0 };

	(void)state;
	message[64] = 1;
	message[72] = 2;
	message[80] = (u8)content[0];
	message[81] = (u8)content[1];
	sha384_of(message, sizeof(message), expected);
	audit_hash(before, 1, content, 2, hash);
	assert_memory_equal(hash, expected, sizeof(hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_whole_chain_verifies, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_changed_entry_breaks_it_there, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_removed_entry_breaks_it_after, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_removed_beginning_breaks_it, open_log, close_log),
		cmocka_unit_test_setup_teardown(swapped_entries_break_it, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_forged_hash_breaks_it, open_log, close_log),
		cmocka_unit_test_setup_teardown(our_own_slips_change_nothing, open_log, close_log),
		cmocka_unit_test_setup_teardown(an_overlong_entry_keeps_its_subject, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_rolled_back_entry_was_never_there, open_log, close_log),
		cmocka_unit_test(the_first_hash_is_the_documented_one),
	};

	return cmocka_run_group_tests_name("signetd audit", tests, NULL, NULL);
}
