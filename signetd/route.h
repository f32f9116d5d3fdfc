/*
 * The table of requests: what may be asked where, by whom, how large, and who answers. Rows live in files by topic; the
 * list of tables is in routes.c. Unknown is denied.
 * Trust: pure; target and method come from outside.
 */
#ifndef SIGNET_SIGNETD_ROUTE_H
#define SIGNET_SIGNETD_ROUTE_H

#include "signetd/call.h"

enum body_kind {
	BODY_NONE, /* any body is 400 */
	BODY_JSON, /* one object */
	BODY_BYTES, /* in memory */
	BODY_FILE, /* to a file of the blob store, hashed as it comes; finishing it is the handler's */
};

/* Which bound of the configuration a body has. */
enum body_bound { BOUND_JSON, BOUND_EVIDENCE, BOUND_IMAGE, BOUND_BLOB, BOUND_COUNT };

struct route {
	enum method method;
	enum listener listener;
	const char *pattern; /* {name} stands for one segment of 1 .. PARAMETER_MAX bytes */
	enum role role; /* smallest; ROLE_NONE where none is asked for */
	enum body_kind body;
	enum body_bound bound;
	bool audited;
	/* Once the head is there and before the body is taken: an answer given here refuses it. May be NULL. */
	void (*admit)(struct call *c);
	void (*handle)(struct call *c);
};

struct route_table {
	const struct route *rows;
	size_t count;
};

/* routes.c: every table of the server. */
extern const struct route_table route_tables[];
extern const size_t route_table_count;

const char *listener_name(enum listener l);

enum match { MATCH_FOUND, MATCH_PATH_ONLY, MATCH_NONE, MATCH_MALFORMED };

/*
 * Finds the route of a request target (path and query, n bytes, as it stood in the request line) and fills parameters
 * and query of c. MATCH_PATH_ONLY: known for another method. MATCH_MALFORMED: no origin form, a bad escape, control
 * characters, too long, or too many query parameters.
 */
enum match route_find(const struct route_table *tables, size_t count, enum listener listener, enum method method,
        const char *target, size_t n, struct call *c);

#endif
