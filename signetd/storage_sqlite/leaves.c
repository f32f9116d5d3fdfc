/* Leaf records in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_leaves.h"
#include "signetd/storage_sqlite/sqlite.h"

static const char *const steps[] = {
	"CREATE TABLE leaves (role INTEGER NOT NULL, epoch INTEGER NOT NULL, record BLOB NOT NULL, made INTEGER NOT "
	"NULL,"
	" expires INTEGER NOT NULL, PRIMARY KEY (role, epoch)) STRICT, WITHOUT ROWID",
	NULL,
};

const struct schema schema_leaves = { "leaves", steps };

static enum err add(struct storage *s, const struct leaf_entry *l)
{
	sqlite3_stmt *q = sqlite_query(s, "INSERT INTO leaves VALUES (?1, ?2, ?3, ?4, ?5)");

	sqlite_bind_number(q, 1, (u64)l->role);
	sqlite_bind_number(q, 2, l->epoch);
	sqlite_bind_bytes(q, 3, l->record, sizeof(l->record));
	sqlite_bind_number(q, 4, l->made);
	sqlite_bind_number(q, 5, l->expires);
	return sqlite_run(s, q);
}

static enum err take(sqlite3_stmt *q, enum leaf_role role, struct leaf_entry *out)
{
	out->role = role;
	out->epoch = (u32)sqlite_number(q, 0);
	out->made = sqlite_number(q, 2);
	out->expires = sqlite_number(q, 3);
	return sqlite_bytes(q, 1, out->record, sizeof(out->record));
}

static enum err read_leaves(struct storage *s, enum leaf_role role,
        enum err (*visit)(void *context, const struct leaf_entry *e), void *context)
{
	sqlite3_stmt *q =
	        sqlite_query(s, "SELECT epoch, record, made, expires FROM leaves WHERE role = ?1 ORDER BY epoch DESC");
	struct leaf_entry l;
	enum err e;

	sqlite_bind_number(q, 1, (u64)role);
	while ((e = sqlite_next(s, q)) == OK) {
		e = take(q, role, &l);
		if (!e)
			e = visit(context, &l);
		if (e)
			break;
	}
	sqlite_end(q);
	return e == ERR_STORAGE_ABSENT ? OK : e;
}

static enum err newest(struct storage *s, enum leaf_role role, struct leaf_entry *out)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT epoch, record, made, expires FROM leaves WHERE role = ?1 ORDER BY epoch DESC LIMIT 1");
	enum err e;

	sqlite_bind_number(q, 1, (u64)role);
	e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, role, out);
	sqlite_end(q);
	return e;
}

const struct leaf_ops sqlite_leaves = { add, newest, read_leaves };
