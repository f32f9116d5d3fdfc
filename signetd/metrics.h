/*
 * Figures for Prometheus (text format 0.0.4).
 * Trust: pure; nothing in them comes from outside.
 */
#ifndef SIGNET_SIGNETD_METRICS_H
#define SIGNET_SIGNETD_METRICS_H

#include "signetd/call.h"
#include "signetd/text.h"

/* What the platform counts. */
struct counters {
	u64 connections[LISTENER_COUNT]; /* open */
	u64 accepted[LISTENER_COUNT];
	u64 refused_connections[LISTENER_COUNT]; /* over a limit */
	u64 refused_handshakes[LISTENER_COUNT]; /* over the rate */
	u64 handshakes_failed[LISTENER_COUNT];
	u64 timeouts[LISTENER_COUNT];
	u64 answers[LISTENER_COUNT][6]; /* by hundreds of the status */
	u64 throttled; /* requests over the rate */
	u64 parked; /* requests that wait */
	u64 pending_refused, pending_dropped; /* nodes that wanted to wait for an approver, or did */
};

/* "# HELP", "# TYPE" and no sample; kind: "counter" or "gauge". */
void metric_family(struct text *out, const char *name, const char *kind, const char *help);
/* labels: `a="b"`, or NULL. */
void metric_value(struct text *out, const char *name, const char *labels, u64 value);

void metrics_write_counters(struct text *out, const struct counters *c);

#endif
