/* Audit entries in SQLite. Trust: see sqlite.h; triggers keep a slip of ours from changing what was written. */
#include "signetd/storage_audit.h"
#include "signetd/storage_sqlite/sqlite.h"

static const char *const steps[] = {
	"CREATE TABLE audit (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, content TEXT NOT NULL) STRICT;"
	"CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;"
	"CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
	NULL,
};

const struct schema schema_audit = { "audit", steps };

static enum err append(struct storage *s, const struct audit_record *r)
{
	sqlite3_stmt *q = sqlite_query(s, "INSERT INTO audit VALUES (?1, ?2, ?3)");

	sqlite_bind_number(q, 1, r->number);
	sqlite_bind_bytes(q, 2, r->hash, sizeof(r->hash));
	sqlite_bind_words(q, 3, r->content);
	return sqlite_run(s, q);
}

static enum err take(sqlite3_stmt *q, struct audit_record *out)
{
	out->number = sqlite_number(q, 0);
	sqlite_words(q, 2, out->content, sizeof(out->content));
	out->length = (size_t)sqlite3_column_bytes(q, 2);
	if (out->length > AUDIT_CONTENT_MAX)
		return ERR_STORAGE;
	return sqlite_bytes(q, 1, out->hash, sizeof(out->hash));
}

static enum err last(struct storage *s, struct audit_record *out)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT number, hash, content FROM audit ORDER BY number DESC LIMIT 1");
	enum err e = sqlite_next(s, q);

	if (!e) {
		e = take(q, out);
		sqlite_end(q);
	}
	return e;
}

static enum err read_entries(struct storage *s, u64 after, u64 limit,
        enum err (*visit)(void *context, const struct audit_record *r), void *context)
{
	sqlite3_stmt *q =
	        sqlite_query(s, "SELECT number, hash, content FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2");
	struct audit_record r;
	enum err e;

	sqlite_bind_number(q, 1, after);
	sqlite_bind_number(q, 2, limit);
	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &r)) == OK)
		if ((e = visit(context, &r)) != OK)
			break;
	return sqlite_walked(q, e);
}

const struct audit_ops sqlite_audit = { append, last, read_entries };
