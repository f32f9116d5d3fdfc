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
	bool accept_broken_audit; /* told so at this start */
	bool fresh; /* the folder is being made: there is no database yet */
	int lock; /* held as long as the data folder is ours */
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
extern const struct part *const parts[];
extern const size_t part_count;

/*
 * Takes the data folder: configuration, lock, storage, then each part. What is wrong is said in the log, and nothing
 * stays open. folder, clock, accept_broken_audit and fresh are filled in by the caller, everything else is zero.
 */
enum err server_open(struct server *s) MUST_CHECK;
void server_close(struct server *s);
/* Reads the configuration again; a bad one changes nothing. */
void server_reload(struct server *s);
/* folder/signetd.ini. ERR_CONFIGURATION, said on stderr with file and line. */
enum err server_configuration(const char *folder, struct config *out) MUST_CHECK;

#endif
