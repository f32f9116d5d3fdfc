/*
 * An answer on its way out, no faster than the peer takes it.
 * Trust: none needed.
 */
#ifndef SIGNET_SIGNETD_NET_SEND_H
#define SIGNET_SIGNETD_NET_SEND_H

#include "signetd/net/connection.h"

enum send_state { SEND_WAIT, SEND_FAILED, SEND_DONE };

/* Takes the answer of the connection's exchange. */
void send_begin(struct connection *c, bool keep_alive);
/* As much as there is room for. */
enum send_state send_more(struct connection *c);
/* "Go on" to a peer that asks before it sends a body. */
void send_continue(struct connection *c);

#endif
