/*
 * Prepared statements: kept by the address of their text, bound, run, read.
 * Trust: text is always bound, never pasted.
 */
#include "signetd/storage_sqlite/sqlite.h"

#include "signetd/journal.h"

#include <stdio.h>
#include <string.h>

static struct sqlite_storage *of(struct storage *s)
{
	return (struct sqlite_storage *)s;
}

static sqlite3_stmt *prepare(struct sqlite_storage *s, const char *sql)
{
	sqlite3_stmt *q = NULL;

	if (s->statement_count == STATEMENTS_MAX) {
		journal(JOURNAL_ERROR, "storage: more than %d statements", STATEMENTS_MAX);
		return NULL;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK) {
		journal(JOURNAL_ERROR, "storage: %s", sqlite3_errmsg(s->db));
		return NULL;
	}
	s->statements[s->statement_count].sql = sql;
	s->statements[s->statement_count++].prepared = q;
	return q;
}

sqlite3_stmt *sqlite_query(struct storage *base, const char *sql)
{
	struct sqlite_storage *s = of(base);

	for (u32 i = 0; i < s->statement_count; i++)
		if (s->statements[i].sql == sql)
			return s->statements[i].prepared;
	return prepare(s, sql);
}

/* What cannot be bound (no memory) stays NULL, which every column of ours refuses or no row has. */
void sqlite_bind_words(sqlite3_stmt *q, int at, const char *text)
{
	if (q)
		(void)sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

void sqlite_bind_number(sqlite3_stmt *q, int at, u64 value)
{
	if (q)
		(void)sqlite3_bind_int64(q, at, (sqlite3_int64)value);
}

void sqlite_bind_bytes(sqlite3_stmt *q, int at, const u8 *bytes, size_t n)
{
	if (q)
		(void)sqlite3_bind_blob64(q, at, bytes, n, SQLITE_TRANSIENT);
}

void sqlite_end(sqlite3_stmt *q)
{
	if (!q)
		return;
	(void)sqlite3_reset(q);
	(void)sqlite3_clear_bindings(q);
}

enum err sqlite_walked(sqlite3_stmt *q, enum err e)
{
	sqlite_end(q);
	return e == ERR_STORAGE_ABSENT ? OK : e;
}

static enum err failure(struct sqlite_storage *s, int status)
{
	if (status == SQLITE_CONSTRAINT_PRIMARYKEY || status == SQLITE_CONSTRAINT_UNIQUE ||
	        status == SQLITE_CONSTRAINT_ROWID)
		return ERR_STORAGE_EXISTS;
	journal(JOURNAL_ERROR, "storage: %s", sqlite3_errmsg(s->db));
	return ERR_STORAGE;
}

enum err sqlite_next(struct storage *s, sqlite3_stmt *q)
{
	int status = q ? sqlite3_step(q) : SQLITE_MISUSE;

	if (status == SQLITE_ROW)
		return OK;
	enum err e = status == SQLITE_DONE ? ERR_STORAGE_ABSENT : failure(of(s), status);
	sqlite_end(q);
	return e;
}

enum err sqlite_run(struct storage *s, sqlite3_stmt *q)
{
	enum err e = sqlite_next(s, q);

	if (!e)
		sqlite_end(q);
	return e == ERR_STORAGE_ABSENT ? OK : e;
}

void sqlite_words(sqlite3_stmt *q, int at, char *out, size_t room)
{
	const unsigned char *text = sqlite3_column_text(q, at);

	(void)snprintf(out, room, "%s", text ? (const char *)text : "");
}

u64 sqlite_number(sqlite3_stmt *q, int at)
{
	return (u64)sqlite3_column_int64(q, at);
}

enum err sqlite_bytes(sqlite3_stmt *q, int at, u8 *out, size_t exactly)
{
	const void *bytes = sqlite3_column_blob(q, at);

	if (!bytes || (size_t)sqlite3_column_bytes(q, at) != exactly)
		return ERR_STORAGE;
	memcpy(out, bytes, exactly);
	return OK;
}

u64 sqlite_changed(struct storage *s)
{
	return (u64)sqlite3_changes64(of(s)->db);
}
