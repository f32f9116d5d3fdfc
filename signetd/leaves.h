/*
 * The fleet CA and what lives under it: the leaves that sign tickets, results and commit verdicts, the server's TLS
 * certificate, operators' certificates. Leaves and TLS certificate renew themselves at two thirds of their life; the
 * epoch rises each time. Files in DIR/keys: fleet-ca.pem and .crt, tls-N.pem and .crt, ticket-N.pem, ear-N.pem,
 * commit-N.pem, where N is the epoch.
 * Trust: holds the fleet's private keys, in files of mode 0600 that are checked.
 */
#ifndef SIGNET_SIGNETD_LEAVES_H
#define SIGNET_SIGNETD_LEAVES_H

#include "keys/access.h"
#include "keys/issue.h"
#include "signetd/storage_leaves.h"

struct leaves;
struct part;

/* Opens, and makes what is missing; renews in tick. */
extern const struct part leaves_part;

/* A leaf to sign with. The signer is P-384, an EAR's P-256; it is the leaves' own, and changes at a renewal. */
struct leaf_key {
	struct leaf_entry entry;
	struct signer *signer;
};

/* The newest of a role; never NULL once the server is open. Not to be kept across loop turns. */
const struct leaf_key *leaf_current(const struct leaves *l, enum leaf_role role);

/* The fleet CA's key as root mode knows it: X || Y on P-384. */
const u8 *leaf_authority(const struct leaves *l);

/* The fleet CA's certificate. */
mbedtls_x509_crt *leaves_ca(struct leaves *l);

/* The server's certificate and key; stays until nobody uses it. */
struct server_certificate {
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
	u32 number;
	u32 users;
};

/* The newest, one user more. */
struct server_certificate *leaves_tls_use(struct leaves *l);
void server_certificate_release(struct server_certificate *t);
/* The number of the newest. */
u32 leaves_tls_number(const struct leaves *l);

/* A certificate under the fleet CA, which it does not outlive. */
enum err leaves_certify(
        struct leaves *l, struct issue *i, mbedtls_pk_context *subject, char pem[ISSUE_PEM_MAX]) MUST_CHECK;

#endif
