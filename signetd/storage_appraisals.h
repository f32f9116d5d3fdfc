/*
 * Appraisals of authentic evidence, with the evidence: as many of a node as are kept.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_APPRAISALS_H
#define SIGNET_SIGNETD_STORAGE_APPRAISALS_H

#include "attest/appraise.h"
#include "signetd/storage_nodes.h"

enum { APPRAISAL_STATE_SIZE = 16 };

struct appraisal_entry {
	u8 node[ATTEST_ID_SIZE];
	u64 number; /* from 1, of this node */
	u64 time; /* Unix seconds */
	enum verdict verdict;
	struct difference difference;
	u64 baseline; /* number of the one that accepted the firmware, or that the difference is from; 0: none */
	u8 nonce[ATTEST_ID_SIZE], tls_key[SHA256_SIZE];
	char state[APPRAISAL_STATE_SIZE]; /* of the node afterwards, as in the answer */
	bool ticket; /* one was made */
	char release[NODE_RELEASE_SIZE]; /* "": unknown */
	u64 svn;
};

struct appraisal_ops {
	/* The number is the caller's. ERR_STORAGE_EXISTS. */
	enum err (*add)(struct storage *s, const struct appraisal_entry *a, const u8 *evidence, size_t n) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*find)(
	        struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number, struct appraisal_entry *out) MUST_CHECK;
	/* *evidence is the caller's to free. ERR_STORAGE_ABSENT. */
	enum err (*evidence)(
	        struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number, u8 **evidence, size_t *n) MUST_CHECK;
	/* Newest first. */
	enum err (*read)(struct storage *s, const u8 node[ATTEST_ID_SIZE],
	        enum err (*visit)(void *context, const struct appraisal_entry *a), void *context) MUST_CHECK;
	/* Forgets all up to and with this number. */
	enum err (*trim)(struct storage *s, const u8 node[ATTEST_ID_SIZE], u64 number) MUST_CHECK;
};

#endif
