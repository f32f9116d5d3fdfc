/*
 * What the SQLite files share: the connection, its prepared statements, and each topic's schema.
 * Trust: the file is the server's own. Text is always bound, never pasted.
 */
#ifndef SIGNET_SIGNETD_STORAGE_SQLITE_H
#define SIGNET_SIGNETD_STORAGE_SQLITE_H

#include "signetd/storage.h"

#include <sqlite3.h>

enum { STATEMENTS_MAX = 128, TRANSACTION_DEPTH_MAX = 8 };

struct sqlite_storage {
	struct storage base; /* first: a struct storage * is one of these */
	sqlite3 *db;
	u32 depth; /* of open transactions */
	struct {
		const char *sql;
		sqlite3_stmt *prepared;
	} statements[STATEMENTS_MAX];
	u32 statement_count;
};

/* How a topic's tables came to be: step N leads from version N to N + 1. Steps are never changed, only added. */
struct schema {
	const char *topic;
	const char *const *steps; /* NULL-ended; each may hold several statements */
};

/*
 * The prepared form of sql, a string constant, ready for binding from 1; NULL, and a line in the log, when it cannot be
 * had. It stays the storage's own.
 */
sqlite3_stmt *sqlite_query(struct storage *s, const char *sql);

void sqlite_bind_words(sqlite3_stmt *q, int at, const char *text);
void sqlite_bind_number(sqlite3_stmt *q, int at, u64 value);
void sqlite_bind_bytes(sqlite3_stmt *q, int at, const u8 *bytes, size_t n);

/*
 * Runs to the end one that returns no row, and resets it. A failed binding shows here. ERR_STORAGE_EXISTS when a key is
 * taken, ERR_STORAGE. q may be NULL: ERR_STORAGE.
 */
enum err sqlite_run(struct storage *s, sqlite3_stmt *q) MUST_CHECK;
/* OK: a row is there; ERR_STORAGE_ABSENT: no more, and it is reset; ERR_STORAGE. q may be NULL. */
enum err sqlite_next(struct storage *s, sqlite3_stmt *q) MUST_CHECK;
/* After the last row that is wanted. */
void sqlite_end(sqlite3_stmt *q);
/* The same after a walk over all rows, which ended with e: OK when there were no more. */
enum err sqlite_walked(sqlite3_stmt *q, enum err e) MUST_CHECK;

/* Columns of a row, from 0. Text that does not fit is cut, bytes that do not are ERR_STORAGE. */
void sqlite_words(sqlite3_stmt *q, int at, char *out, size_t room);
u64 sqlite_number(sqlite3_stmt *q, int at);
enum err sqlite_bytes(sqlite3_stmt *q, int at, u8 *out, size_t exactly) MUST_CHECK;

/* How many rows the last sqlite_run changed. */
u64 sqlite_changed(struct storage *s);

/* One line a topic: sqlite.c lists them. */
extern const struct schema schema_meta, schema_audit, schema_operators, schema_leaves, schema_nodes, schema_appraisals,
        schema_baselines, schema_images, schema_guests, schema_updates;
extern const struct meta_ops sqlite_meta;
extern const struct audit_ops sqlite_audit;
extern const struct operator_ops sqlite_operators;
extern const struct leaf_ops sqlite_leaves;
extern const struct node_ops sqlite_nodes;
extern const struct appraisal_ops sqlite_appraisals;
extern const struct baseline_ops sqlite_baselines;
extern const struct image_ops sqlite_images;
extern const struct guest_ops sqlite_guests;
extern const struct update_ops sqlite_updates;

#endif
