/*
 * A TLS 1.3 server on the loopback, in a thread of the test's: a fleet CA made on the spot, a server certificate under
 * it, and what it says written by the test. Trust: test code.
 */
#ifndef SIGNET_TESTS_UNIT_LOOPBACK_H
#define SIGNET_TESTS_UNIT_LOOPBACK_H

#include "lib/crypto/crypto.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <pthread.h>

enum { LOOPBACK_TEXT = 65536 };

/* What is wrong with the server. */
enum loopback_flaw {
	LOOPBACK_OTHER_CA = BIT(0), /* the leaf is signed by another CA of the same name */
	LOOPBACK_EXPIRED = BIT(1),
	LOOPBACK_OTHER_NAME = BIT(2),
	LOOPBACK_WITHOUT_ROOT = BIT(3), /* no flaw: sends its leaf alone */
	LOOPBACK_TLS12 = BIT(4),
	LOOPBACK_MUTE = BIT(5), /* takes connections, and says nothing at all */
	LOOPBACK_OWN_ROOT = BIT(6), /* another CA, and sends that as the root */
};

struct loopback {
	u32 flaws;
	/* Talks on one connection, the count of which is given, from 0. */
	void (*serve)(struct loopback *l, mbedtls_ssl_context *tls, u32 connection);
	void *context; /* serve's */
	char port[6];
	u8 ca_key[P384_KEY_SIZE];
	u8 peer_key[SHA256_SIZE]; /* digest of the SubjectPublicKeyInfo the last client showed; zeros: none */
	/* The last request that loopback_request() read whole, head and body: still there when its answer has come. */
	char request[LOOPBACK_TEXT];
	/* The one being read. */
	char text[LOOPBACK_TEXT];
	size_t text_size;

	int listener;
	pthread_t thread;
	mbedtls_pk_context ca, other, key;
	mbedtls_x509_crt root, other_root, leaf;
};

/* Fails the test when it cannot. */
void loopback_start(struct loopback *l);
void loopback_stop(struct loopback *l);

/* Reads a request whole, its body by Content-Length. False: the connection has ended. */
bool loopback_request(struct loopback *l, mbedtls_ssl_context *tls);
/* Reads its head alone. */
bool loopback_head(struct loopback *l, mbedtls_ssl_context *tls);
/* Sends; false when nobody takes it any more. */
bool loopback_say(mbedtls_ssl_context *tls, const void *bytes, size_t n);
bool loopback_say_text(mbedtls_ssl_context *tls, const char *text);

#endif
