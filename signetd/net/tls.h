/*
 * TLS 1.3 of the two listeners that have it, by mbedTLS. No tickets, no early data, no resumption: each connection
 * proves its key anew, and what a certificate says is never older than its handshake. Trust: meets everybody who can
 * connect.
 */
#ifndef SIGNET_SIGNETD_NET_TLS_H
#define SIGNET_SIGNETD_NET_TLS_H

#include "signetd/server.h"

#include <mbedtls/ssl.h>

/* One configuration, shared by the connections that began under it. */
struct tls_context {
	mbedtls_ssl_config config;
	struct server_certificate *identity;
	enum listener listener;
	u32 users;
};

/* Once, before anything else of TLS. */
enum err tls_start(void) MUST_CHECK;

/* For the server's present certificate; one user. ERR_NO_MEMORY, ERR_INTERNAL. */
enum err tls_context_make(struct server *s, enum listener listener, struct tls_context **out) MUST_CHECK;
struct tls_context *tls_context_use(struct tls_context *t);
void tls_context_release(struct tls_context *t);

/*
 * Who is at the other end of a finished handshake. Nodes: the hash of their key, if they showed one. Operators: name,
 * role and serial number, which the fleet CA certified; false when its subject is none of an operator's.
 */
bool tls_caller(enum listener listener, const mbedtls_ssl_context *ssl, struct caller *out);

#endif
