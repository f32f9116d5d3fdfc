/*
 * What the two files that keep keys under the fleet CA share: leaves.c, and server_certificate.c for the server's own.
 * Trust: see leaves.h.
 */
#ifndef SIGNET_SIGNETD_LEAVES_PRIVATE_H
#define SIGNET_SIGNETD_LEAVES_PRIVATE_H

#include "signetd/config.h"
#include "signetd/leaves.h"

#include <limits.h>

enum { LEAF_KINDS = 3 };

struct leaves {
	struct server *server;
	char folder[PATH_MAX];
	mbedtls_x509_crt ca;
	mbedtls_pk_context ca_key;
	struct signer *ca_signer;
	struct leaf_key leaves[LEAF_KINDS];
	struct server_certificate *tls;
	u64 warned; /* when the log was last told of what ends soon */
	u64 again[LEAF_KINDS + 1]; /* milliseconds: what failed is not tried before; the last: TLS */
};

/* Unix seconds. */
u64 leaves_wall(const struct leaves *l);
/* At two thirds of its life. */
bool leaves_due(u64 from, u64 to, u64 now);
/* Of a renewal that failed nothing stays: it is tried for as long as it fails. */
void leaves_forget_key(const struct leaves *l, const char *name, u32 number);

/* The newest that is on the disk comes into use, or a first one is made. */
enum err server_certificate_open(struct leaves *l) MUST_CHECK;
enum err server_certificate_renew(struct leaves *l) MUST_CHECK;
/* Its time has come, or it is for other hosts than the configuration names. */
bool server_certificate_due(struct leaves *l, u64 now);

#endif
