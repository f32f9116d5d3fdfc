/* Operators' certificates in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_operators.h"
#include "signetd/storage_sqlite/sqlite.h"

static const char *const steps[] = {
	"CREATE TABLE operators (serial TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, issued INTEGER NOT "
	"NULL,"
	" expires INTEGER NOT NULL, revoked INTEGER NOT NULL, issuer TEXT NOT NULL) STRICT",
	NULL,
};

const struct schema schema_operators = { "operators", steps };

static enum err add(struct storage *s, const struct operator_record *r)
{
	sqlite3_stmt *q = sqlite_query(s, "INSERT INTO operators VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	sqlite_bind_words(q, 1, r->serial);
	sqlite_bind_words(q, 2, r->name);
	sqlite_bind_words(q, 3, role_words(r->role));
	sqlite_bind_number(q, 4, r->issued);
	sqlite_bind_number(q, 5, r->expires);
	sqlite_bind_number(q, 6, r->revoked);
	sqlite_bind_words(q, 7, r->issuer);
	return sqlite_run(s, q);
}

static void take(sqlite3_stmt *q, struct operator_record *out)
{
	char role[16];

	sqlite_words(q, 0, out->serial, sizeof(out->serial));
	sqlite_words(q, 1, out->name, sizeof(out->name));
	sqlite_words(q, 2, role, sizeof(role));
	out->role = role_of(role);
	out->issued = sqlite_number(q, 3);
	out->expires = sqlite_number(q, 4);
	out->revoked = sqlite_number(q, 5);
	sqlite_words(q, 6, out->issuer, sizeof(out->issuer));
}

static enum err find(struct storage *s, const char *serial, struct operator_record *out)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT serial, name, role, issued, expires, revoked, issuer FROM operators WHERE serial = ?1");
	enum err e;

	sqlite_bind_words(q, 1, serial);
	e = sqlite_next(s, q);
	if (e)
		return e;
	take(q, out);
	sqlite_end(q);
	return OK;
}

static enum err revoke(struct storage *s, const char *serial, u64 when)
{
	sqlite3_stmt *q =
	        sqlite_query(s, "UPDATE operators SET revoked = iif(revoked = 0, ?2, revoked) WHERE serial = ?1");
	enum err e;

	sqlite_bind_words(q, 1, serial);
	sqlite_bind_number(q, 2, when);
	e = sqlite_run(s, q);
	if (!e && sqlite_changed(s) == 0)
		e = ERR_STORAGE_ABSENT;
	return e;
}

static enum err read_operators(
        struct storage *s, enum err (*visit)(void *context, const struct operator_record *r), void *context)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT serial, name, role, issued, expires, revoked, issuer FROM operators ORDER BY issued, rowid");
	struct operator_record r;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK) {
		take(q, &r);
		if ((e = visit(context, &r)) != OK)
			break;
	}
	return sqlite_walked(q, e);
}

const struct operator_ops sqlite_operators = { add, find, revoke, read_operators };
