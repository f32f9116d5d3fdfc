/*
 * Firmware baselines: of each class of hardware, the logs whose events approvers accepted, numbered within the class.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_BASELINES_H
#define SIGNET_SIGNETD_STORAGE_BASELINES_H

#include "lib/bytes.h"
#include "signetd/storage_nodes.h"
#include "signetd/storage_operators.h"

struct baseline_entry {
	char hardware_class[NODE_CLASS_SIZE];
	u64 number; /* from 1; one that was given is never given again in this class */
	u8 node[ATTEST_ID_SIZE]; /* whose appraisal it was */
	u64 appraisal;
	char approver[OPERATOR_NAME_SIZE];
	u64 approved; /* Unix seconds */
	u64 count; /* of events */
};

struct baseline_ops {
	/* Gives b its number. */
	enum err (*add)(struct storage *s, struct baseline_entry *b, const u8 *log, size_t n) MUST_CHECK;
	/* *log is the caller's to free. ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, const char *hardware_class, u64 number, struct baseline_entry *out,
	        u8 **log, size_t *n) MUST_CHECK;
	/* In the order of their classes and numbers. */
	enum err (*read)(struct storage *s, enum err (*visit)(void *context, const struct baseline_entry *b),
	        void *context) MUST_CHECK;
	/* The same of one class, with the logs. */
	enum err (*read_of)(struct storage *s, const char *hardware_class,
	        enum err (*visit)(void *context, const struct baseline_entry *b, const struct bytes_view *log),
	        void *context) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*remove)(struct storage *s, const char *hardware_class, u64 number) MUST_CHECK;
};

#endif
