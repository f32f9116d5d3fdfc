/*
 * Guest definitions of nodes, as operators gave them.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_GUESTS_H
#define SIGNET_SIGNETD_STORAGE_GUESTS_H

#include "signetd/storage_nodes.h"

enum { GUEST_NAME_SIZE = 32, GUEST_DEFINITION_MAX = 8192 };

struct guest_entry {
	u8 node[ATTEST_ID_SIZE];
	char name[GUEST_NAME_SIZE];
	u8 digest[SHA384_SIZE]; /* launch measurement that follows from the definition */
	bool autostart;
	char definition[GUEST_DEFINITION_MAX]; /* JSON */
};

struct guest_ops {
	/* Adds or replaces. */
	enum err (*put)(struct storage *s, const struct guest_entry *g) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*find)(
	        struct storage *s, const u8 node[ATTEST_ID_SIZE], const char *name, struct guest_entry *out) MUST_CHECK;
	/* In the order of their names. */
	enum err (*read)(struct storage *s, const u8 node[ATTEST_ID_SIZE],
	        enum err (*visit)(void *context, const struct guest_entry *g), void *context) MUST_CHECK;
	/* Those of all nodes, in no order. */
	enum err (*read_all)(struct storage *s, enum err (*visit)(void *context, const struct guest_entry *g),
	        void *context) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*remove)(struct storage *s, const u8 node[ATTEST_ID_SIZE], const char *name) MUST_CHECK;
};

#endif
