/*
 * The approved firmware baselines of a class of hardware, as the appraisal takes them, and who of the class needs
 * which. Trust: logs come from the server's own storage; an approver accepted each.
 */
#ifndef SIGNET_SIGNETD_BASELINES_H
#define SIGNET_SIGNETD_BASELINES_H

#include "attest/baseline.h"
#include "signetd/storage_baselines.h"

struct baselines {
	struct baseline list[BASELINES_MAX];
	size_t count;
};

/* All of a class; none of a class without a name. Any failure is one of storage, not of a node. */
enum err baselines_load(struct storage *s, const char *hardware_class, struct baselines *out) MUST_CHECK;

struct baseline_set baselines_set(const struct baselines *b);

/* A baseline, and the nodes that matched it last. */
struct baseline_use {
	struct baseline_entry entry;
	u64 nodes;
	u64 since; /* Unix seconds: since when the first of them does; 0: there is none */
};

/* Counts for all of them in one walk over the nodes. */
enum err baselines_count(struct storage *s, struct baseline_use *uses, size_t count) MUST_CHECK;

#endif
