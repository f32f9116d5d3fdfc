/*
 * What the server remembers, behind one interface: a group of operations a topic, each in its own header, so that
 * another database can stand beside SQLite. Every operation is one transaction by itself, or part of the one that is
 * open. Trust: holds the fleet's records; what comes out was put in by us, and is checked like anything read from a
 * disk.
 */
#ifndef SIGNET_SIGNETD_STORAGE_H
#define SIGNET_SIGNETD_STORAGE_H

#include "lib/err.h"
#include "lib/types.h"

struct storage;

struct transaction_ops {
	/* Nest: an inner one is part of the outer one, and can be undone alone. */
	enum err (*begin)(struct storage *s) MUST_CHECK;
	enum err (*commit)(struct storage *s) MUST_CHECK;
	void (*rollback)(struct storage *s);
	/* How many are open. */
	u32 (*depth)(const struct storage *s);
	void (*close)(struct storage *s);
};

/* ERR_STORAGE everywhere is followed by a line in the log that says what the database said. */
struct storage {
	const struct transaction_ops *transaction;
	const struct meta_ops *meta; /* signetd/storage_meta.h */
	const struct audit_ops *audit; /* signetd/storage_audit.h */
	const struct operator_ops *operators; /* signetd/storage_operators.h */
	const struct leaf_ops *leaves; /* signetd/storage_leaves.h */
	const struct node_ops *nodes; /* signetd/storage_nodes.h */
	const struct appraisal_ops *appraisals; /* signetd/storage_appraisals.h */
	const struct baseline_ops *baselines; /* signetd/storage_baselines.h */
	const struct image_ops *images; /* signetd/storage_images.h */
	const struct guest_ops *guests; /* signetd/storage_guests.h */
	const struct update_ops *updates; /* signetd/storage_updates.h */
};

/* SQLite, in one file; made when it is not there. ERR_STORAGE, ERR_STORAGE_VERSION, ERR_NO_MEMORY. */
enum err storage_sqlite_open(const char *path, struct storage **out) MUST_CHECK;

/*
 * Undoes what is open beyond depth, and says so in the log; true: there was any. One that is left open would hold what
 * is "committed" after it, until a restart loses all of it.
 */
bool storage_undo_left(struct storage *s, u32 depth);

#endif
