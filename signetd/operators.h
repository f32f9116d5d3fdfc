/*
 * Operators: certificates issued, looked up, revoked.
 * Trust: whoever is found here may order; unknown and revoked is refused.
 */
#ifndef SIGNET_SIGNETD_OPERATORS_H
#define SIGNET_SIGNETD_OPERATORS_H

#include "signetd/server.h"
#include "signetd/storage_operators.h"

#include <mbedtls/pk.h>

/* Issues and records. key is the operator's public half. ERR_ARGUMENT for a name no certificate can hold. */
enum err operator_issue(struct server *s, const char *name, enum role role, const char *issuer, mbedtls_pk_context *key,
        char pem[ISSUE_PEM_MAX], struct operator_record *record) MUST_CHECK;

enum standing { STANDING_GOOD, STANDING_UNKNOWN, STANDING_REVOKED };

/* What storage says of a certificate that the TLS handshake verified; fails closed as unknown. */
enum standing operator_standing(struct server *s, const struct caller *who);

/* Warns of ends, and counts for status and metrics. */
extern const struct part operators_part;

#endif
