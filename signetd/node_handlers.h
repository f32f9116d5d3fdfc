/*
 * Requests of nodes (docs/fleet-api.md), by the files that answer them: node_enroll.c, node_attest.c, node_poll.c.
 * Trust: everything in them comes from outside.
 */
#ifndef SIGNET_SIGNETD_NODE_HANDLERS_H
#define SIGNET_SIGNETD_NODE_HANDLERS_H

#include "signetd/fleet.h"

void node_enroll(struct call *c);
void node_activate(struct call *c);
void node_nonce(struct call *c);
void node_evidence(struct call *c);
void node_poll(struct call *c);
void node_report(struct call *c);
void node_blob(struct call *c);

/* What the node has to be told by itself: provisioning, a new authority, updates, its autostart guests. */
void node_intents(struct server *s, struct live_node *l, struct node_entry *n);

#endif
