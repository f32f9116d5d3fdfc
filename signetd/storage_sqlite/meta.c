/* Small facts in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_meta.h"
#include "signetd/storage_sqlite/sqlite.h"

static const char *const steps[] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
	NULL,
};

const struct schema schema_meta = { "meta", steps };

static enum err get(struct storage *s, const char *name, char value[META_VALUE_MAX + 1])
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT value FROM meta WHERE name = ?1");
	enum err e;

	sqlite_bind_words(q, 1, name);
	e = sqlite_next(s, q);
	if (e)
		return e;
	sqlite_words(q, 0, value, META_VALUE_MAX + 1);
	sqlite_end(q);
	return OK;
}

static enum err set(struct storage *s, const char *name, const char *value)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value");

	sqlite_bind_words(q, 1, name);
	sqlite_bind_words(q, 2, value);
	return sqlite_run(s, q);
}

const struct meta_ops sqlite_meta = { get, set };
