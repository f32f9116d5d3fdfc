/*
 * The event loop: listeners, signals, ticks; one thread.
 * Trust: meets everybody who can connect.
 */
#ifndef SIGNET_SIGNETD_NET_LOOP_H
#define SIGNET_SIGNETD_NET_LOOP_H

#include "signetd/server.h"

/*
 * Listens and serves until SIGTERM or SIGINT; reload is called on SIGHUP. ERR_ARGUMENT: an address of the configuration
 * cannot be read, ERR_IO: not listened on; the log says which.
 */
enum err loop_serve(struct server *s, void (*reload)(struct server *s)) MUST_CHECK;

#endif
