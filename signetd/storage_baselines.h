/*
 * Firmware baselines: of each class of hardware, the log whose events an approver accepted.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_BASELINES_H
#define SIGNET_SIGNETD_STORAGE_BASELINES_H

#include "signetd/storage_nodes.h"
#include "signetd/storage_operators.h"

struct baseline_entry {
	char hardware_class[NODE_CLASS_SIZE];
	u8 node[ATTEST_ID_SIZE]; /* whose appraisal it was */
	u64 appraisal;
	char approver[OPERATOR_NAME_SIZE];
	u64 approved; /* Unix seconds */
	u64 count; /* of events */
};

struct baseline_ops {
	/* Replaces the one of the class. */
	enum err (*put)(struct storage *s, const struct baseline_entry *b, const u8 *log, size_t n) MUST_CHECK;
	/* *log is the caller's to free; log NULL: not asked for. ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, const char *hardware_class, struct baseline_entry *out, u8 **log,
	        size_t *n) MUST_CHECK;
	/* In the order of their classes. */
	enum err (*read)(struct storage *s, enum err (*visit)(void *context, const struct baseline_entry *b),
	        void *context) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*remove)(struct storage *s, const char *hardware_class) MUST_CHECK;
};

#endif
