/*
 * Opening the database: settings, then each topic's schema brought up to date.
 * Trust: the file is the server's own.
 */
#include "signetd/storage_sqlite/sqlite.h"

#include "signetd/journal.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { PRIVATE = 077, BUSY_MILLISECONDS = 2000 };

/* What is acknowledged survives a power cut: hence FULL. */
static const char settings_sql[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
        "CREATE TABLE IF NOT EXISTS schema (topic TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID";

static const struct schema *const schemas[] = { &schema_meta, &schema_audit, &schema_operators, &schema_leaves,
	&schema_nodes, &schema_appraisals, &schema_baselines, &schema_images, &schema_guests, &schema_updates };

static enum err execute(struct sqlite_storage *s, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(s->db, sql, NULL, NULL, &message) == SQLITE_OK)
		return OK;
	journal(JOURNAL_ERROR, "storage: %s", message ? message : sqlite3_errmsg(s->db));
	sqlite3_free(message);
	return ERR_STORAGE;
}

static enum err begin(struct storage *base)
{
	static const char *const sql[] = { "BEGIN IMMEDIATE", "SAVEPOINT s1", "SAVEPOINT s2", "SAVEPOINT s3",
		"SAVEPOINT s4", "SAVEPOINT s5", "SAVEPOINT s6", "SAVEPOINT s7" };
	struct sqlite_storage *s = (struct sqlite_storage *)base;
	enum err e = s->depth < TRANSACTION_DEPTH_MAX ? execute(s, sql[s->depth]) : ERR_STORAGE;

	if (!e)
		s->depth++;
	return e;
}

static enum err commit(struct storage *base)
{
	static const char *const sql[] = { "COMMIT", "RELEASE s1", "RELEASE s2", "RELEASE s3", "RELEASE s4",
		"RELEASE s5", "RELEASE s6", "RELEASE s7" };
	struct sqlite_storage *s = (struct sqlite_storage *)base;
	enum err e = s->depth ? execute(s, sql[s->depth - 1]) : ERR_STORAGE;

	if (e)
		base->transaction->rollback(base);
	else
		s->depth--;
	return e;
}

static void rollback(struct storage *base)
{
	static const char *const sql[] = { "ROLLBACK", "ROLLBACK TO s1; RELEASE s1", "ROLLBACK TO s2; RELEASE s2",
		"ROLLBACK TO s3; RELEASE s3", "ROLLBACK TO s4; RELEASE s4", "ROLLBACK TO s5; RELEASE s5",
		"ROLLBACK TO s6; RELEASE s6", "ROLLBACK TO s7; RELEASE s7" };
	struct sqlite_storage *s = (struct sqlite_storage *)base;

	if (!s->depth)
		return;
	s->depth--;
	/* A full disk makes SQLite roll back by itself; then there is nothing left to undo. */
	if (!sqlite3_get_autocommit(s->db) && execute(s, sql[s->depth]))
		journal(JOURNAL_ERROR, "storage: a transaction could not be undone");
}

static u32 depth(const struct storage *base)
{
	return ((const struct sqlite_storage *)base)->depth;
}

static void close_storage(struct storage *base)
{
	struct sqlite_storage *s = (struct sqlite_storage *)base;

	if (!s)
		return;
	for (u32 i = 0; i < s->statement_count; i++)
		(void)sqlite3_finalize(s->statements[i].prepared);
	(void)sqlite3_close_v2(s->db);
	free(s);
}

static const struct transaction_ops transactions = { begin, commit, rollback, depth, close_storage };

static u64 step_count(const struct schema *schema)
{
	u64 n = 0;

	while (schema->steps[n])
		n++;
	return n;
}

static enum err schema_version(struct storage *s, const char *topic, u64 *version)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT version FROM schema WHERE topic = ?1");
	enum err e;

	sqlite_bind_words(q, 1, topic);
	e = sqlite_next(s, q);
	*version = e ? 0 : sqlite_number(q, 0);
	sqlite_end(q);
	return e == ERR_STORAGE_ABSENT ? OK : e;
}

static enum err set_version(struct storage *s, const char *topic, u64 version)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "INSERT INTO schema VALUES (?1, ?2) ON CONFLICT (topic) DO UPDATE SET version = excluded.version");

	sqlite_bind_words(q, 1, topic);
	sqlite_bind_number(q, 2, version);
	return sqlite_run(s, q);
}

static enum err migrate_topic(struct sqlite_storage *s, const struct schema *schema)
{
	u64 version, newest = step_count(schema);
	enum err e = schema_version(&s->base, schema->topic, &version);

	if (!e && version > newest) {
		journal(JOURNAL_ERROR, "storage: \"%s\" is of version %llu, this release knows %llu", schema->topic,
		        (unsigned long long)version, (unsigned long long)newest);
		return ERR_STORAGE_VERSION;
	}
	for (; !e && version < newest; version++)
		e = execute(s, schema->steps[version]);
	return e ? e : set_version(&s->base, schema->topic, newest);
}

/* All topics or none: a failed migration leaves the file as it was. */
static enum err migrate(struct sqlite_storage *s)
{
	enum err e = begin(&s->base);

	if (e)
		return e;
	for (size_t i = 0; !e && i < ARRAY_SIZE(schemas); i++)
		e = migrate_topic(s, schemas[i]);
	if (!e)
		return commit(&s->base);
	rollback(&s->base);
	return e;
}

static enum err open_database(struct sqlite_storage *s, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
	mode_t mask = umask(PRIVATE);
	int status = sqlite3_open_v2(path, &s->db, flags, NULL);

	(void)umask(mask);
	if (status != SQLITE_OK) {
		journal(JOURNAL_ERROR, "storage: %s: %s", path, s->db ? sqlite3_errmsg(s->db) : "out of memory");
		return ERR_STORAGE;
	}
	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_timeout(s->db, BUSY_MILLISECONDS);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return execute(s, settings_sql);
}

enum err storage_sqlite_open(const char *path, struct storage **out)
{
	struct sqlite_storage *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		return ERR_NO_MEMORY;
	s->base = (struct storage){
		.transaction = &transactions,
		.meta = &sqlite_meta,
		.audit = &sqlite_audit,
		.operators = &sqlite_operators,
		.leaves = &sqlite_leaves,
		.nodes = &sqlite_nodes,
		.appraisals = &sqlite_appraisals,
		.baselines = &sqlite_baselines,
		.images = &sqlite_images,
		.guests = &sqlite_guests,
		.updates = &sqlite_updates,
	};
	e = open_database(s, path);
	if (!e)
		e = migrate(s);
	if (e) {
		close_storage(&s->base);
		return e;
	}
	*out = &s->base;
	return OK;
}
