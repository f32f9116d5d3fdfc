/* Appraisals in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_appraisals.h"
#include "signetd/storage_sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE appraisals (node BLOB NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, known INTEGER NOT NULL, event INTEGER NOT NULL, pcr INTEGER NOT NULL,"
	" expected BLOB NOT NULL, found BLOB NOT NULL, nonce BLOB NOT NULL, tls_key BLOB NOT NULL, state TEXT NOT NULL,"
	" ticket INTEGER NOT NULL, release TEXT NOT NULL, svn INTEGER NOT NULL, evidence BLOB NOT NULL,"
	" PRIMARY KEY (node, number)) STRICT",
	/* BASELINE_DIFFERS: from what became the class's first (baselines.c). */
	"ALTER TABLE appraisals ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;"
	"UPDATE appraisals SET baseline = 1 WHERE verdict = 71",
	NULL,
};

const struct schema schema_appraisals = { "appraisals", steps };

static enum err add(struct storage *s, const struct appraisal_entry *a, const u8 *evidence, size_t n)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO appraisals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
	        "?16, ?17)");
	const struct difference *d = &a->difference;

	sqlite_bind_bytes(q, 1, a->node, sizeof(a->node));
	sqlite_bind_number(q, 2, a->number);
	sqlite_bind_number(q, 3, a->time);
	sqlite_bind_number(q, 4, (u64)a->verdict);
	sqlite_bind_number(q, 5, d->known);
	sqlite_bind_number(q, 6, d->index);
	sqlite_bind_number(q, 7, d->pcr);
	sqlite_bind_bytes(q, 8, d->expected, sizeof(d->expected));
	sqlite_bind_bytes(q, 9, d->found, sizeof(d->found));
	sqlite_bind_bytes(q, 10, a->nonce, sizeof(a->nonce));
	sqlite_bind_bytes(q, 11, a->tls_key, sizeof(a->tls_key));
	sqlite_bind_words(q, 12, a->state);
	sqlite_bind_number(q, 13, a->ticket);
	sqlite_bind_words(q, 14, a->release);
	sqlite_bind_number(q, 15, a->svn);
	sqlite_bind_bytes(q, 16, evidence, n);
	sqlite_bind_number(q, 17, a->baseline);
	return sqlite_run(s, q);
}

#define COLUMNS                                                                                                        \
	"node, number, time, verdict, known, event, pcr, expected, found, nonce, tls_key, state, ticket, release,"     \
	" svn, baseline"

static enum err take(sqlite3_stmt *q, struct appraisal_entry *out)
{
	struct difference *d = &out->difference;

	memset(out, 0, sizeof(*out));
	enum err e = sqlite_bytes(q, 0, out->node, sizeof(out->node));
	out->number = sqlite_number(q, 1);
	out->time = sqlite_number(q, 2);
	out->verdict = (enum verdict)sqlite_number(q, 3);
	d->known = sqlite_number(q, 4) == 1;
	d->index = (u32)sqlite_number(q, 5);
	d->pcr = (u32)sqlite_number(q, 6);
	if (!e)
		e = sqlite_bytes(q, 7, d->expected, sizeof(d->expected));
	if (!e)
		e = sqlite_bytes(q, 8, d->found, sizeof(d->found));
	if (!e)
		e = sqlite_bytes(q, 9, out->nonce, sizeof(out->nonce));
	if (!e)
		e = sqlite_bytes(q, 10, out->tls_key, sizeof(out->tls_key));
	sqlite_words(q, 11, out->state, sizeof(out->state));
	out->ticket = sqlite_number(q, 12) == 1;
	sqlite_words(q, 13, out->release, sizeof(out->release));
	out->svn = sqlite_number(q, 14);
	out->baseline = sqlite_number(q, 15);
	return e;
}

static enum err find(struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number, struct appraisal_entry *out)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT " COLUMNS " FROM appraisals WHERE node = ?1 AND number = ?2");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_number(q, 2, number);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	sqlite_end(q);
	return e;
}

static enum err evidence_of(struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number, u8 **evidence, size_t *n)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT evidence FROM appraisals WHERE node = ?1 AND number = ?2");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_number(q, 2, number);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	const void *bytes = sqlite3_column_blob(q, 0);
	*n = (size_t)sqlite3_column_bytes(q, 0);
	*evidence = bytes ? malloc(*n) : NULL;
	if (*evidence)
		memcpy(*evidence, bytes, *n);
	sqlite_end(q);
	return *evidence ? OK : ERR_NO_MEMORY;
}

static enum err read_appraisals(struct storage *s, const u8 node[ATTEST_ID_SIZE],
        enum err (*visit)(void *context, const struct appraisal_entry *a), void *context)
{
	sqlite3_stmt *q = sqlite_query(s, "SELECT " COLUMNS " FROM appraisals WHERE node = ?1 ORDER BY number DESC");
	struct appraisal_entry a;
	enum err e;

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &a)) == OK)
		if ((e = visit(context, &a)) != OK)
			break;
	return sqlite_walked(q, e);
}

static enum err trim(struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number)
{
	sqlite3_stmt *q = sqlite_query(s, "DELETE FROM appraisals WHERE node = ?1 AND number <= ?2");

	sqlite_bind_bytes(q, 1, node, ATTEST_ID_SIZE);
	sqlite_bind_number(q, 2, number);
	return sqlite_run(s, q);
}

const struct appraisal_ops sqlite_appraisals = { add, find, evidence_of, read_appraisals, trim };
