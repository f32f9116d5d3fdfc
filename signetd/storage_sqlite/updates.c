/* Updates in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_sqlite/sqlite.h"
#include "signetd/storage_updates.h"

#include <assert.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE updates (id INTEGER PRIMARY KEY AUTOINCREMENT, image BLOB NOT NULL, release TEXT NOT NULL,"
	" drain TEXT NOT NULL, started INTEGER NOT NULL, by TEXT NOT NULL, cancelled INTEGER NOT NULL) STRICT;"
	"CREATE TABLE update_nodes (id INTEGER NOT NULL, node BLOB NOT NULL, image BLOB NOT NULL, state INTEGER NOT "
	"NULL,"
	" force INTEGER NOT NULL, given INTEGER NOT NULL, answered INTEGER NOT NULL, cancel_due INTEGER NOT NULL,"
	" sequence INTEGER NOT NULL, session BLOB NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,"
	" written INTEGER NOT NULL, fetched INTEGER NOT NULL, reused INTEGER NOT NULL, code TEXT NOT NULL,"
	" reason TEXT NOT NULL, PRIMARY KEY (id, node)) STRICT;"
	"CREATE INDEX update_nodes_of ON update_nodes (node, state)",
	NULL,
};

const struct schema schema_updates = { "updates", steps };

/* States from 7 on are ends (enum update_state). */
static_assert(UPDATE_COMMITTED == 7 && UPDATE_FALLEN_BACK == 10, "as the statements below have them");

static enum err trim(struct storage *s)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "DELETE FROM updates WHERE id <= (SELECT max(id) FROM updates) - ?1 AND NOT EXISTS (SELECT 1 FROM"
	        " update_nodes n WHERE n.id = updates.id AND (n.state < 7 OR n.state = 10 OR n.cancel_due))");

	sqlite_bind_number(q, 1, UPDATES_KEPT);
	enum err e = sqlite_run(s, q);
	return e ? e
	         : sqlite_run(s, sqlite_query(s, "DELETE FROM update_nodes WHERE id NOT IN (SELECT id FROM updates)"));
}

static enum err add(struct storage *s, struct update_entry *u)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO updates (image, release, drain, started, by, cancelled) VALUES (?1, ?2, ?3, ?4, ?5, 0)"
	        " RETURNING id");

	sqlite_bind_bytes(q, 1, u->image, sizeof(u->image));
	sqlite_bind_words(q, 2, u->release);
	sqlite_bind_words(q, 3, u->drain);
	sqlite_bind_number(q, 4, u->started);
	sqlite_bind_words(q, 5, u->by);
	enum err e = sqlite_next(s, q);
	if (e)
		return ERR_STORAGE;
	u->id = sqlite_number(q, 0);
	sqlite_end(q);
	return trim(s);
}

static enum err take(sqlite3_stmt *q, struct update_entry *out)
{
	memset(out, 0, sizeof(*out));
	out->id = sqlite_number(q, 0);
	sqlite_words(q, 2, out->release, sizeof(out->release));
	sqlite_words(q, 3, out->drain, sizeof(out->drain));
	out->started = sqlite_number(q, 4);
	sqlite_words(q, 5, out->by, sizeof(out->by));
	out->cancelled = sqlite_number(q, 6) == 1;
	return sqlite_bytes(q, 1, out->image, sizeof(out->image));
}

static enum err find(struct storage *s, u64 id, struct update_entry *out)
{
	sqlite3_stmt *q =
	        sqlite_query(s, "SELECT id, image, release, drain, started, by, cancelled FROM updates WHERE id = ?1");

	sqlite_bind_number(q, 1, id);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	sqlite_end(q);
	return e;
}

static enum err set_cancelled(struct storage *s, u64 id)
{
	sqlite3_stmt *q = sqlite_query(s, "UPDATE updates SET cancelled = 1 WHERE id = ?1");

	sqlite_bind_number(q, 1, id);
	return sqlite_run(s, q);
}

static enum err read_updates(
        struct storage *s, enum err (*visit)(void *context, const struct update_entry *u), void *context)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT id, image, release, drain, started, by, cancelled FROM updates ORDER BY id DESC");
	struct update_entry u;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &u)) == OK)
		if ((e = visit(context, &u)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err put_node(struct storage *s, const struct update_node *n)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT OR REPLACE INTO update_nodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
	        "?14,"
	        " ?15, ?16, ?17)");
	const u64 numbers[] = { n->state, n->force, n->order, n->answered, n->cancel_due, n->sequence };
	const u64 counts[] = { n->done, n->total, n->written, n->fetched, n->reused };

	sqlite_bind_number(q, 1, n->update);
	sqlite_bind_bytes(q, 2, n->node, sizeof(n->node));
	sqlite_bind_bytes(q, 3, n->image, sizeof(n->image));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sqlite_bind_number(q, 4 + (int)i, numbers[i]);
	sqlite_bind_bytes(q, 10, n->session, sizeof(n->session));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		sqlite_bind_number(q, 11 + (int)i, counts[i]);
	sqlite_bind_words(q, 16, n->code);
	sqlite_bind_words(q, 17, n->reason);
	return sqlite_run(s, q);
}

#define NODE_COLUMNS                                                                                                   \
	"SELECT id, node, image, state, force, given, answered, cancel_due, sequence, session, done, total, written,"  \
	" fetched, reused, code, reason FROM update_nodes "

static enum err take_node(sqlite3_stmt *q, struct update_node *out)
{
	memset(out, 0, sizeof(*out));
	out->update = sqlite_number(q, 0);
	enum err e = sqlite_bytes(q, 1, out->node, sizeof(out->node));
	if (!e)
		e = sqlite_bytes(q, 2, out->image, sizeof(out->image));
	u64 state = sqlite_number(q, 3);
	if (!e && (state == 0 || state >= UPDATE_STATES))
		e = ERR_STORAGE;
	out->state = (enum update_state)state;
	out->force = sqlite_number(q, 4) == 1;
	out->order = sqlite_number(q, 5);
	out->answered = sqlite_number(q, 6) == 1;
	out->cancel_due = sqlite_number(q, 7) == 1;
	out->sequence = sqlite_number(q, 8);
	if (!e)
		e = sqlite_bytes(q, 9, out->session, sizeof(out->session));
	out->done = sqlite_number(q, 10);
	out->total = sqlite_number(q, 11);
	out->written = sqlite_number(q, 12);
	out->fetched = sqlite_number(q, 13);
	out->reused = sqlite_number(q, 14);
	sqlite_words(q, 15, out->code, sizeof(out->code));
	sqlite_words(q, 16, out->reason, sizeof(out->reason));
	return e;
}

static enum err one(struct storage *s, sqlite3_stmt *q, struct update_node *out)
{
	enum err e = sqlite_next(s, q);

	if (e)
		return e;
	e = take_node(q, out);
	sqlite_end(q);
	return e;
}

static enum err read_nodes(
        struct storage *s, u64 update, enum err (*visit)(void *context, const struct update_node *n), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, NODE_COLUMNS "WHERE id = ?1 ORDER BY node");
	struct update_node n;
	enum err e;

	sqlite_bind_number(q, 1, update);
	while ((e = sqlite_next(s, q)) == OK && (e = take_node(q, &n)) == OK)
		if ((e = visit(context, &n)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err find_node(struct storage *s, u64 update, const u8 node[ATTEST_ID_SIZE], struct update_node *out)
{
	sqlite3_stmt *q = sqlite_query(s, NODE_COLUMNS "WHERE id = ?1 AND node = ?2");

	sqlite_bind_number(q, 1, update);
	sqlite_bind_bytes(q, 2, node, ATTEST_ID_SIZE);
	return one(s, q, out);
}

static enum err open_of(struct storage *s, const u8 node[ATTEST_ID_SIZE], struct update_node *out)
{
	sqlite3_stmt *q = sqlite_query(s, NODE_COLUMNS "WHERE node = ?1 AND state < 7 ORDER BY id LIMIT 1");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	return one(s, q, out);
}

static enum err cancel_of(struct storage *s, const u8 node[ATTEST_ID_SIZE], struct update_node *out)
{
	sqlite3_stmt *q = sqlite_query(s, NODE_COLUMNS "WHERE node = ?1 AND cancel_due = 1 ORDER BY id LIMIT 1");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	return one(s, q, out);
}

static enum err fell_back(struct storage *s, const u8 node[ATTEST_ID_SIZE], const u8 image[SHA384_SIZE], bool *out)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "SELECT state FROM update_nodes WHERE node = ?1 AND image = ?2 AND state IN (7, 10) ORDER BY id DESC "
	        "LIMIT 1");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_bytes(q, 2, image, SHA384_SIZE);
	enum err e = sqlite_next(s, q);
	*out = !e && sqlite_number(q, 0) == UPDATE_FALLEN_BACK;
	return sqlite_walked(q, e);
}

const struct update_ops sqlite_updates = { add, find, set_cancelled, read_updates, put_node, read_nodes, find_node,
	open_of, cancel_of, fell_back };
