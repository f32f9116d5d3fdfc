/*
 * TCP connections with a deadline.
 * Trust: the network is nobody's.
 */
#ifndef SIGNET_LIB_TLS_SOCKET_H
#define SIGNET_LIB_TLS_SOCKET_H

#include "lib/err.h"
#include "lib/types.h"

/*
 * Connects to host (a name or an address) by the first of its addresses that answers; *fd does not block. The name
 * service has time-outs of its own, and the deadline counts from after it. ERR_NET_NAME, ERR_NET_CONNECT (errno says
 * why), ERR_NET_TIMEOUT.
 */
enum err socket_connect(const char *host, const char *port, u32 timeout_ms, int *fd) MUST_CHECK;

/* Waits for events (poll.h) on fd. ERR_NET_TIMEOUT, ERR_NET_CLOSED. */
enum err socket_wait(int fd, short events, u64 deadline) MUST_CHECK;

/* "host:port", "[address]:port" into its parts. False: it is neither, or a part does not fit. */
enum { SOCKET_HOST_SIZE = 254, SOCKET_PORT_SIZE = 6 };
bool socket_address_split(const char *text, size_t n, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE]);

#endif
