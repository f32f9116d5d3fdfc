/*
 * Nodes in SQLite: what is looked for has its column, the rest of a record stands in one, in a layout of ours. Trust:
 * see sqlite.h.
 */
#include "signetd/storage_nodes.h"
#include "signetd/storage_sqlite/sqlite.h"

#include "lib/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE nodes (id BLOB PRIMARY KEY, state INTEGER NOT NULL, record BLOB NOT NULL) STRICT, WITHOUT ROWID",
	/*
	 * Whoever wants to wait for an approver makes the server look at all who do. Those that are there already count
	 * as uncertified until they attest next, which puts their records anew.
	 */
	"ALTER TABLE nodes ADD COLUMN certified INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE nodes ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX waiting ON nodes (since, id, certified) WHERE state = 1",
	NULL,
};

static_assert(NODE_PENDING == 1, "an index and a statement name it by its number");

const struct schema schema_nodes = { "nodes", steps };

/* Version 1 knew of no more than one baseline a class, which is number 1 now (baselines.c). */
enum { RECORD_VERSION = 2, RECORD_ONE_BASELINE = 1, RECORD_MAX = 32768 };

/* One list of fields for both directions: what is written is what is read, in this order. */
struct codec {
	struct reader *r;
	struct writer *w;
};

static void number(struct codec *c, u64 *v)
{
	if (c->w)
		write_le64(c->w, *v);
	else
		*v = read_le64(c->r);
}

static void small(struct codec *c, u32 *v)
{
	if (c->w)
		write_le32(c->w, *v);
	else
		*v = read_le32(c->r);
}

static void flag(struct codec *c, bool *v)
{
	u32 n = *v;

	small(c, &n);
	if (n > 1 && c->r)
		c->r->failed = true;
	*v = n == 1;
}

static void fixed(struct codec *c, u8 *bytes, size_t n)
{
	if (c->w)
		write_bytes(c->w, bytes, n);
	else
		read_copy(c->r, bytes, n);
}

static void sized(struct codec *c, u8 *bytes, size_t room, size_t *n)
{
	u32 size = (u32)*n;

	small(c, &size);
	if (size > room && c->r) {
		c->r->failed = true;
		size = 0;
	}
	*n = size;
	fixed(c, bytes, size);
}

static void words(struct codec *c, char *text, size_t room)
{
	fixed(c, (u8 *)text, room);
	text[room - 1] = '\0';
}

static void verdict(struct codec *c, enum verdict *v)
{
	u32 n = (u32)*v;

	small(c, &n);
	*v = (enum verdict)n;
}

static void fields_of_enrolment(struct codec *c, struct node_entry *n)
{
	u32 finding = (u32)n->ek_finding;

	words(c, n->hostname, sizeof(n->hostname));
	number(c, &n->known_since);
	sized(c, n->ek, sizeof(n->ek), &n->ek_size);
	sized(c, n->ak, sizeof(n->ak), &n->ak_size);
	sized(c, n->certificate, sizeof(n->certificate), &n->certificate_size);
	small(c, &finding);
	n->ek_finding = (enum ek_finding)finding;
	words(c, n->hardware_class, sizeof(n->hardware_class));
	fixed(c, n->policy_key, sizeof(n->policy_key));
	sized(c, n->authority, sizeof(n->authority), &n->authority_size);
	flag(c, &n->authority_due);
	fixed(c, n->owner_auth, sizeof(n->owner_auth));
	fixed(c, n->lockout_auth, sizeof(n->lockout_auth));
	number(c, &n->first_image_floor);
	number(c, &n->first_key_floor);
	flag(c, &n->provisioned);
}

static void fields_of_appraisals(struct codec *c, struct node_entry *n)
{
	number(c, &n->image_floor);
	number(c, &n->key_floor);
	number(c, &n->state_sequence);
	flag(c, &n->seen);
	fixed(c, n->session, sizeof(n->session));
	number(c, &n->clock);
	small(c, &n->resets);
	small(c, &n->restarts);
	flag(c, &n->appraised);
	verdict(c, &n->verdict);
	number(c, &n->appraised_at);
	number(c, &n->appraisal);
	flag(c, &n->has_pcr7);
	fixed(c, n->pcr7, sizeof(n->pcr7));
	words(c, n->release, sizeof(n->release));
	number(c, &n->svn);
	fixed(c, n->manifest, sizeof(n->manifest));
	verdict(c, &n->held);
	fixed(c, n->ticket_session, sizeof(n->ticket_session));
	number(c, &n->ticket_sequence);
	number(c, &n->lease_until);
	fixed(c, n->autostart_session, sizeof(n->autostart_session));
}

/* Who was good under the old rule is taken to need that baseline, until his next evidence shows it. */
static void fields_of_baseline(struct codec *c, struct node_entry *n, u32 version)
{
	if (version == RECORD_ONE_BASELINE) {
		n->baseline = n->seen ? 1 : 0;
		n->baseline_since = n->seen ? n->appraised_at : 0;
		return;
	}
	number(c, &n->baseline);
	number(c, &n->baseline_since);
}

static void fields(struct codec *c, struct node_entry *n)
{
	u32 version = RECORD_VERSION;

	small(c, &version);
	if (c->r && version != RECORD_VERSION && version != RECORD_ONE_BASELINE)
		c->r->failed = true;
	fields_of_enrolment(c, n);
	fields_of_appraisals(c, n);
	fields_of_baseline(c, n, version);
}

static enum err put(struct storage *s, const struct node_entry *n)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO nodes (id, state, record, certified, since) VALUES (?1, ?2, ?3, ?4, ?5)"
	        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record,"
	        " certified = excluded.certified, since = excluded.since");
	u8 *record = malloc(RECORD_MAX);
	struct writer w = writer_on(record, record ? RECORD_MAX : 0);
	struct codec c = { .w = &w };
	/* Writing leaves it as it is. */
	struct node_entry *copy = malloc(sizeof(*copy));
	enum err e = ERR_NO_MEMORY;

	if (record && copy) {
		*copy = *n;
		fields(&c, copy);
		sqlite_bind_bytes(q, 1, n->id, sizeof(n->id));
		sqlite_bind_number(q, 2, (u64)n->state);
		sqlite_bind_bytes(q, 3, record, w.used);
		sqlite_bind_number(q, 4, n->ek_finding == EK_TRUSTED);
		sqlite_bind_number(q, 5, n->known_since);
		e = w.failed ? ERR_INTERNAL : sqlite_run(s, q);
	}
	free(copy);
	free(record);
	return e;
}

static enum err take(sqlite3_stmt *q, struct node_entry *out)
{
	const u8 *record = sqlite3_column_blob(q, 2);
	struct reader r = reader_on(record, record ? (size_t)sqlite3_column_bytes(q, 2) : 0);
	struct codec c = { .r = &r };

	memset(out, 0, sizeof(*out));
	enum err e = sqlite_bytes(q, 0, out->id, sizeof(out->id));
	out->state = sqlite_number(q, 1) == NODE_ENROLLED ? NODE_ENROLLED : NODE_PENDING;
	fields(&c, out);
	return e || !reader_done(&r) ? ERR_STORAGE : OK;
}

static enum err find(struct storage *s, const u8 id[ATTEST_ID_SIZE], struct node_entry *out)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT id, state, record FROM nodes WHERE id = ?1");

	sqlite_bind_bytes(q, 1, id, ATTEST_ID_SIZE);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	sqlite_end(q);
	return e;
}

static enum err read_nodes(
        struct storage *s, enum err (*visit)(void *context, const struct node_entry *n), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT id, state, record FROM nodes ORDER BY id");
	struct node_entry *n = malloc(sizeof(*n));
	enum err e = n ? OK : ERR_NO_MEMORY;

	while (!e && (e = sqlite_next(s, q)) == OK) {
		e = take(q, n);
		if (!e)
			e = visit(context, n);
	}
	free(n);
	return sqlite_walked(q, e);
}

/* The state stands in the statement as it does in the index: with a parameter SQLite would not know that it fits. */
static enum err read_waiting(
        struct storage *s, enum err (*visit)(void *context, const struct waiting_node *n), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT id, certified FROM nodes WHERE state = 1 ORDER BY since, id");
	struct waiting_node n;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = sqlite_bytes(q, 0, n.id, sizeof(n.id))) == OK) {
		n.certified = sqlite_number(q, 1) == 1;
		if ((e = visit(context, &n)) != OK)
			break;
	}
	return sqlite_walked(q, e);
}

static enum err remove_rows(struct storage *s, const char *sql, const u8 id[ATTEST_ID_SIZE])
{
	sqlite3_stmt *q = sqlite_query(s, sql);

	sqlite_bind_bytes(q, 1, id, ATTEST_ID_SIZE);
	return sqlite_run(s, q);
}

static enum err remove_all(struct storage *s, const u8 id[ATTEST_ID_SIZE])
{
	enum err e = remove_rows(s, "DELETE FROM appraisals WHERE node = ?1", id);

	if (!e)
		e = remove_rows(s, "DELETE FROM guests WHERE node = ?1", id);
	if (!e)
		e = remove_rows(s, "DELETE FROM update_nodes WHERE node = ?1", id);
	if (!e)
		e = remove_rows(s, "DELETE FROM nodes WHERE id = ?1", id);
	if (!e && sqlite_changed(s) == 0)
		e = ERR_STORAGE_ABSENT;
	return e;
}

static enum err remove_node(struct storage *s, const u8 id[ATTEST_ID_SIZE])
{
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = remove_all(s, id);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

const struct node_ops sqlite_nodes = { put, find, read_nodes, read_waiting, remove_node };
