/*
 * What the parts of the server share: one of it, passed to each handler by its call.
 * Trust: holds the keys of the fleet.
 */
#ifndef SIGNET_SIGNETD_SERVER_H
#define SIGNET_SIGNETD_SERVER_H

#include "signetd/clock.h"
#include "signetd/config.h"
#include "signetd/leaves.h"
#include "signetd/metrics.h"
#include "signetd/storage.h"

struct fleet_state;

struct server {
	char folder[PATH_MAX];
	char blobs[PATH_MAX]; /* for signetd/blobs.h */
	const struct clock *clock;
	struct config config; /* changes on SIGHUP, between two requests */
	struct storage *storage;
	struct leaves *leaves; /* signetd/leaves.h: the fleet CA and the keys under it */
	struct counters counters; /* signetd/metrics.h */
	struct fleet_state *fleet; /* the domain's own, made and freed by its part */
};

/* A topic's share in the server's life. Any function may be NULL. */
struct part {
	const char *name;
	/* In the table's order; closing is in reverse. Says what is wrong in the log. */
	enum err (*open)(struct server *s) MUST_CHECK;
	void (*close)(struct server *s);
	/* Once a second, and after SIGHUP. */
	void (*tick)(struct server *s);
	/* Its share of GET /v1/status and of /metrics. */
	void (*status)(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *object);
	void (*metrics)(struct server *s, struct text *out);
};

/* parts.c */
extern const struct part parts[];
extern const size_t part_count;

#endif
