/*
 * Leaves: the server's own keys under the fleet CA, each with the epoch that its record names.
 * Trust: see signetd/storage.h. Private keys are not in here but in files of their own.
 */
#ifndef SIGNET_SIGNETD_STORAGE_LEAVES_H
#define SIGNET_SIGNETD_STORAGE_LEAVES_H

#include "attest/leaf.h"
#include "signetd/storage.h"

struct leaf_entry {
	enum leaf_role role;
	u32 epoch;
	u8 record[LEAF_RECORD_SIZE];
	u64 made, expires; /* Unix seconds; the record itself knows no time */
};

struct leaf_ops {
	/* ERR_STORAGE_EXISTS. */
	enum err (*add)(struct storage *s, const struct leaf_entry *e) MUST_CHECK;
	/* The one of highest epoch. ERR_STORAGE_ABSENT. */
	enum err (*newest)(struct storage *s, enum leaf_role role, struct leaf_entry *out) MUST_CHECK;
	/* Of one role, newest first. */
	enum err (*read)(struct storage *s, enum leaf_role role,
	        enum err (*visit)(void *context, const struct leaf_entry *e), void *context) MUST_CHECK;
};

#endif
