/*
 * The audit log: what was asked for and decided, each entry chained to the one before (signetd/audit_chain.h).
 * Trust: append only; whoever changes an entry breaks the chain from there on.
 */
#ifndef SIGNET_SIGNETD_AUDIT_H
#define SIGNET_SIGNETD_AUDIT_H

#include "signetd/audit_chain.h"
#include "signetd/server.h"

/*
 * What the server noticed or did by itself, as a node with another key; kind is a constant such as
 * "node-enrolled-otherwise", subject whom it is about. Not written: not to be acted on.
 */
enum err audit_event(struct server *s, const char *kind, const char *subject, const char *fmt, ...)
        __attribute__((format(printf, 4, 5))) MUST_CHECK;

/* A request that has to wait for what it orders, before anything is ordered; its number goes into c->begun_entry. */
enum err audit_begun(struct server *s, struct call *c, const char *target) MUST_CHECK;
/* A request with its answer, which is not sent before this returned OK. */
enum err audit_call(struct server *s, const struct call *c, const char *target) MUST_CHECK;

/* Verifies the chain before anything else happens; says the newest entry in log and status. */
extern const struct part audit_part;

/* Walks the whole chain. ERR_AUDIT_CHAIN: w->broken says where. */
enum err audit_verify(struct storage *s, struct audit_walk *w) MUST_CHECK;

#endif
