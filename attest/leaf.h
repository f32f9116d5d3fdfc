/*
 * A leaf record: a short-lived key of the fleet, signed by the fleet CA (docs/attestation.md). What X.509 is to others,
 * for root mode, which parses no ASN.1 and knows no wall clock.
 * Trust: in the TCB; pure. Verified before it is parsed.
 */
#ifndef SIGNET_ATTEST_LEAF_H
#define SIGNET_ATTEST_LEAF_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"

enum { LEAF_RECORD_SIZE = 240, LEAF_BODY_SIZE = LEAF_RECORD_SIZE - P384_SIGNATURE_SIZE };

/* Domain strings are this long, padded with zeros, so that none is the beginning of another. */
enum { SIGNED_DOMAIN_SIZE = 16 };

enum leaf_role { LEAF_TICKET = 1, LEAF_EAR = 2, LEAF_COMMIT = 3 };

struct leaf {
	enum leaf_role role;
	u32 epoch; /* rises with each renewal; 0 is none */
	u8 key[P384_KEY_SIZE]; /* X || Y; an EAR leaf's P-256 key fills the first 64 bytes, zeros follow */
};

/* What every signature of the fleet towards a node is made over: the domain, then the exact bytes. */
void signed_digest(const u8 domain[SIGNED_DOMAIN_SIZE], const u8 *bytes, size_t n, u8 digest[SHA384_SIZE]);

/* All but the signature, which stands at LEAF_BODY_SIZE and is zero afterwards. */
void leaf_encode(const struct leaf *leaf, u8 out[LEAF_RECORD_SIZE]);

/* What the fleet CA signs. */
void leaf_digest(const u8 record[LEAF_RECORD_SIZE], u8 digest[SHA384_SIZE]);

/*
 * Verifies, then parses. ca_key: X || Y; zeros verify nothing. ERR_LEAF_SIGNATURE, ERR_LEAF_FORMAT, ERR_LEAF_ROLE,
 * ERR_NO_MEMORY. Whether the epoch will do depends on what the boot has seen: that is the caller's to judge.
 */
enum err leaf_verify(const u8 record[LEAF_RECORD_SIZE], const u8 ca_key[P384_KEY_SIZE], enum leaf_role role,
        struct leaf *out) MUST_CHECK;

#endif
