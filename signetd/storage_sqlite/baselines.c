/* Baselines in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_baselines.h"
#include "signetd/storage_sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE baselines (class TEXT PRIMARY KEY, node BLOB NOT NULL, appraisal INTEGER NOT NULL,"
	" approver TEXT NOT NULL, approved INTEGER NOT NULL, count INTEGER NOT NULL, log BLOB NOT NULL) STRICT",
	NULL,
};

const struct schema schema_baselines = { "baselines", steps };

static enum err put(struct storage *s, const struct baseline_entry *b, const u8 *log, size_t n)
{
	sqlite3_stmt *q = sqlite_query(s, "INSERT OR REPLACE INTO baselines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	sqlite_bind_words(q, 1, b->hardware_class);
	sqlite_bind_bytes(q, 2, b->node, sizeof(b->node));
	sqlite_bind_number(q, 3, b->appraisal);
	sqlite_bind_words(q, 4, b->approver);
	sqlite_bind_number(q, 5, b->approved);
	sqlite_bind_number(q, 6, b->count);
	sqlite_bind_bytes(q, 7, log, n);
	return sqlite_run(s, q);
}

static enum err take(sqlite3_stmt *q, struct baseline_entry *out)
{
	memset(out, 0, sizeof(*out));
	sqlite_words(q, 0, out->hardware_class, sizeof(out->hardware_class));
	enum err e = sqlite_bytes(q, 1, out->node, sizeof(out->node));
	out->appraisal = sqlite_number(q, 2);
	sqlite_words(q, 3, out->approver, sizeof(out->approver));
	out->approved = sqlite_number(q, 4);
	out->count = sqlite_number(q, 5);
	return e;
}

static enum err take_log(sqlite3_stmt *q, u8 **log, size_t *n)
{
	const void *bytes = sqlite3_column_blob(q, 6);

	*n = (size_t)sqlite3_column_bytes(q, 6);
	*log = bytes ? malloc(*n) : NULL;
	if (!*log)
		return ERR_NO_MEMORY;
	memcpy(*log, bytes, *n);
	return OK;
}

static enum err find(struct storage *s, const char *hardware_class, struct baseline_entry *out, u8 **log, size_t *n)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT class, node, appraisal, approver, approved, count, log FROM baselines WHERE class = ?1");

	sqlite_bind_words(q, 1, hardware_class);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	if (!e && log)
		e = take_log(q, log, n);
	sqlite_end(q);
	return e;
}

static enum err read_baselines(
        struct storage *s, enum err (*visit)(void *context, const struct baseline_entry *b), void *context)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT class, node, appraisal, approver, approved, count FROM baselines ORDER BY class");
	struct baseline_entry b;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &b)) == OK)
		if ((e = visit(context, &b)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err remove_baseline(struct storage *s, const char *hardware_class)
{
	sqlite3_stmt *q = sqlite_query(s, "DELETE FROM baselines WHERE class = ?1");

	sqlite_bind_words(q, 1, hardware_class);
	enum err e = sqlite_run(s, q);
	return !e && sqlite_changed(s) == 0 ? ERR_STORAGE_ABSENT : e;
}

const struct baseline_ops sqlite_baselines = { put, find, read_baselines, remove_baseline };
