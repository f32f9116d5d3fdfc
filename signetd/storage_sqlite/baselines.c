/* Baselines in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_baselines.h"
#include "signetd/storage_sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE baselines (class TEXT PRIMARY KEY, node BLOB NOT NULL, appraisal INTEGER NOT NULL,"
	" approver TEXT NOT NULL, approved INTEGER NOT NULL, count INTEGER NOT NULL, log BLOB NOT NULL) STRICT",
	/* A class's one baseline becomes its first. */
	"ALTER TABLE baselines RENAME TO single_baselines;"
	"CREATE TABLE baselines (class TEXT NOT NULL, number INTEGER NOT NULL, node BLOB NOT NULL,"
	" appraisal INTEGER NOT NULL, approver TEXT NOT NULL, approved INTEGER NOT NULL, count INTEGER NOT NULL,"
	" log BLOB NOT NULL, PRIMARY KEY (class, number)) STRICT;"
	"INSERT INTO baselines SELECT class, 1, node, appraisal, approver, approved, count, log FROM single_baselines;"
	"CREATE TABLE baseline_numbers (class TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
	"INSERT INTO baseline_numbers SELECT class, 1 FROM single_baselines;"
	"DROP TABLE single_baselines",
	NULL,
};

const struct schema schema_baselines = { "baselines", steps };

static enum err next_number(struct storage *s, const char *hardware_class, u64 *number)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO baseline_numbers VALUES (?1, 1) ON CONFLICT (class) DO UPDATE SET last = last + 1"
	        " RETURNING last");

	sqlite_bind_words(q, 1, hardware_class);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	*number = sqlite_number(q, 0);
	sqlite_end(q);
	return OK;
}

static enum err insert(struct storage *s, const struct baseline_entry *b, const u8 *log, size_t n)
{
	sqlite3_stmt *q = sqlite_query(s, "INSERT INTO baselines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	sqlite_bind_words(q, 1, b->hardware_class);
	sqlite_bind_number(q, 2, b->number);
	sqlite_bind_bytes(q, 3, b->node, sizeof(b->node));
	sqlite_bind_number(q, 4, b->appraisal);
	sqlite_bind_words(q, 5, b->approver);
	sqlite_bind_number(q, 6, b->approved);
	sqlite_bind_number(q, 7, b->count);
	sqlite_bind_bytes(q, 8, log, n);
	return sqlite_run(s, q);
}

static enum err add(struct storage *s, struct baseline_entry *b, const u8 *log, size_t n)
{
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = next_number(s, b->hardware_class, &b->number);
	if (!e)
		e = insert(s, b, log, n);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

#define COLUMNS "class, number, node, appraisal, approver, approved, count"
enum { LOG_COLUMN = 7 };

static enum err take(sqlite3_stmt *q, struct baseline_entry *out)
{
	memset(out, 0, sizeof(*out));
	sqlite_words(q, 0, out->hardware_class, sizeof(out->hardware_class));
	out->number = sqlite_number(q, 1);
	enum err e = sqlite_bytes(q, 2, out->node, sizeof(out->node));
	out->appraisal = sqlite_number(q, 3);
	sqlite_words(q, 4, out->approver, sizeof(out->approver));
	out->approved = sqlite_number(q, 5);
	out->count = sqlite_number(q, 6);
	return e;
}

/* Until the statement's next step. */
static struct bytes_view log_of(sqlite3_stmt *q)
{
	const void *bytes = sqlite3_column_blob(q, LOG_COLUMN);

	return (struct bytes_view){ bytes, bytes ? (size_t)sqlite3_column_bytes(q, LOG_COLUMN) : 0 };
}

static enum err take_log(sqlite3_stmt *q, u8 **log, size_t *n)
{
	struct bytes_view bytes = log_of(q);

	*n = bytes.n;
	*log = bytes.n ? malloc(bytes.n) : NULL;
	if (!*log)
		return ERR_NO_MEMORY;
	memcpy(*log, bytes.bytes, bytes.n);
	return OK;
}

static enum err find(
        struct storage *s, const char *hardware_class, u64 number, struct baseline_entry *out, u8 **log, size_t *n)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT " COLUMNS ", log FROM baselines WHERE class = ?1 AND number = ?2");

	sqlite_bind_words(q, 1, hardware_class);
	sqlite_bind_number(q, 2, number);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	if (!e)
		e = take_log(q, log, n);
	sqlite_end(q);
	return e;
}

static enum err read_baselines(
        struct storage *s, enum err (*visit)(void *context, const struct baseline_entry *b), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT " COLUMNS " FROM baselines ORDER BY class, number");
	struct baseline_entry b;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &b)) == OK)
		if ((e = visit(context, &b)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err read_of(struct storage *s, const char *hardware_class,
        enum err (*visit)(void *context, const struct baseline_entry *b, const struct bytes_view *log), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT " COLUMNS ", log FROM baselines WHERE class = ?1 ORDER BY number");
	struct baseline_entry b;
	enum err e;

	sqlite_bind_words(q, 1, hardware_class);
	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &b)) == OK) {
		struct bytes_view log = log_of(q);
		if ((e = visit(context, &b, &log)) != OK)
			break;
	}
	return sqlite_walked(q, e);
}

static enum err remove_baseline(struct storage *s, const char *hardware_class, u64 number)
{
	sqlite3_stmt *q = sqlite_query(s, "DELETE FROM baselines WHERE class = ?1 AND number = ?2");

	sqlite_bind_words(q, 1, hardware_class);
	sqlite_bind_number(q, 2, number);
	enum err e = sqlite_run(s, q);
	return !e && sqlite_changed(s) == 0 ? ERR_STORAGE_ABSENT : e;
}

const struct baseline_ops sqlite_baselines = { add, find, read_baselines, read_of, remove_baseline };
