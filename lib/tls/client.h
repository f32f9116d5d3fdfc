/*
 * TLS 1.3 connections to the fleet server (mbedTLS): the server verified under the fleet CA's key, our side by an
 * identity, a limit on everything that waits. Trust: the other side is believed once its certificate is verified; what
 * it says is not.
 */
#ifndef SIGNET_LIB_TLS_CLIENT_H
#define SIGNET_LIB_TLS_CLIENT_H

#include "lib/tls/identity.h"

struct tls_settings {
	const char *host, *port;
	/* What the certificate must name, as it is the host's by default. */
	const char *name;
	const u8 *ca_key; /* P384_KEY_SIZE bytes */
	struct tls_identity *identity;
	u32 timeout_ms; /* to connect, and again for the handshake */
};

struct tls_client;

enum { TLS_WHY_SIZE = 160 };

/*
 * Connects. On an error *out is NULL and why says more, for a person. ERR_NET_NAME, ERR_NET_CONNECT, ERR_NET_TIMEOUT,
 * ERR_NET_CLOSED, ERR_TLS_CERTIFICATE (the server is not whom the CA certifies), ERR_TLS_PROTOCOL, ERR_NO_MEMORY.
 */
enum err tls_connect(const struct tls_settings *s, struct tls_client **out, char why[TLS_WHY_SIZE]) MUST_CHECK;

/* Tells the other side, without waiting, and frees. NULL is fine. */
void tls_close(struct tls_client *c);

/*
 * At least one byte, at most room; *n 0: the other side has closed in order. deadline: of monotonic_ms(), 0: what is
 * there already.
 * ERR_NET_TIMEOUT (nothing is lost: it may be called again), ERR_NET_CLOSED, ERR_TLS_PROTOCOL.
 */
enum err tls_read(struct tls_client *c, u8 *to, size_t room, u64 deadline, size_t *n) MUST_CHECK;

/* Some of n bytes, at least one; after ERR_NET_TIMEOUT the connection is of no further use. Errors as tls_read(). */
enum err tls_write(struct tls_client *c, const u8 *from, size_t n, u64 deadline, size_t *done) MUST_CHECK;

/* From another thread: whoever waits on the connection gets ERR_NET_CLOSED. The connection must not be closed
 * meanwhile. */
void tls_interrupt(struct tls_client *c);

#endif
