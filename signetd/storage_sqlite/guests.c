/* Guest definitions in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_guests.h"
#include "signetd/storage_sqlite/sqlite.h"

#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE guests (node BLOB NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL, autostart INTEGER NOT NULL,"
	" definition TEXT NOT NULL, PRIMARY KEY (node, name)) STRICT",
	NULL,
};

const struct schema schema_guests = { "guests", steps };

static enum err put(struct storage *s, const struct guest_entry *g)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO guests VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (node, name) DO UPDATE SET"
	        " digest = excluded.digest, autostart = excluded.autostart, definition = excluded.definition");

	sqlite_bind_bytes(q, 1, g->node, sizeof(g->node));
	sqlite_bind_words(q, 2, g->name);
	sqlite_bind_bytes(q, 3, g->digest, sizeof(g->digest));
	sqlite_bind_number(q, 4, g->autostart);
	sqlite_bind_words(q, 5, g->definition);
	return sqlite_run(s, q);
}

static enum err take(sqlite3_stmt *q, struct guest_entry *out)
{
	memset(out, 0, sizeof(*out));
	enum err e = sqlite_bytes(q, 0, out->node, sizeof(out->node));
	sqlite_words(q, 1, out->name, sizeof(out->name));
	if (!e)
		e = sqlite_bytes(q, 2, out->digest, sizeof(out->digest));
	out->autostart = sqlite_number(q, 3) == 1;
	sqlite_words(q, 4, out->definition, sizeof(out->definition));
	return e;
}

static enum err find(struct storage *s, const u8 node[ATTEST_ID_SIZE], const char *name, struct guest_entry *out)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT node, name, digest, autostart, definition FROM guests WHERE node = ?1 AND name = ?2");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_words(q, 2, name);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	sqlite_end(q);
	return e;
}

typedef enum err visit_guest(void *context, const struct guest_entry *g);

static enum err walk(struct storage *s, sqlite3_stmt *q, visit_guest *visit, void *context)
{
	struct guest_entry g;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &g)) == OK)
		if ((e = visit(context, &g)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err read_guests(struct storage *s, const u8 node[ATTEST_ID_SIZE], visit_guest *visit, void *context)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT node, name, digest, autostart, definition FROM guests WHERE node = ?1 ORDER BY name");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	return walk(s, q, visit, context);
}

static enum err read_all(struct storage *s, visit_guest *visit, void *context)
{
	return walk(s, sqlite_query(s, "SELECT node, name, digest, autostart, definition FROM guests"), visit, context);
}

static enum err remove_guest(struct storage *s, const u8 node[ATTEST_ID_SIZE], const char *name)
{
	sqlite3_stmt *q = sqlite_query(s, "DELETE FROM guests WHERE node = ?1 AND name = ?2");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_words(q, 2, name);
	enum err e = sqlite_run(s, q);
	return !e && sqlite_changed(s) == 0 ? ERR_STORAGE_ABSENT : e;
}

const struct guest_ops sqlite_guests = { put, find, read_guests, read_all, remove_guest };
