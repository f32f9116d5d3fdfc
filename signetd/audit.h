/*
 * The audit log: what was asked for and decided, each entry chained to the one before.
 * Trust: append only; whoever changes an entry breaks the chain from there on.
 */
#ifndef SIGNET_SIGNETD_AUDIT_H
#define SIGNET_SIGNETD_AUDIT_H

#include "signetd/call.h"
#include "signetd/server.h"

/*
 * What the server noticed by itself, as a node with another key; kind is a constant such as "node-enrolled-otherwise",
 * subject whom it is about. Requests with audited routes are written by the router.
 */
enum err audit_event(struct server *s, const char *kind, const char *subject, const char *fmt, ...)
        __attribute__((format(printf, 4, 5))) MUST_CHECK;

#endif
