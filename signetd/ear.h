/*
 * The attestation result for schedulers and other relying parties: an EAR (draft-ietf-rats-ear-04) as a JWT signed with
 * ES256, and the keys to check it by as a JWKS (docs/attestation.md).
 * Trust: says what the appraisal found; decides nothing.
 */
#ifndef SIGNET_SIGNETD_EAR_H
#define SIGNET_SIGNETD_EAR_H

#include "attest/sign.h"
#include "attest/ticket.h"
#include "attest/verdicts.h"

enum { EAR_KEYS_MAX = 8 };

struct ear {
	u64 issued, expires; /* Unix seconds; a result is good as long as the ticket's lease */
	u8 node[ATTEST_ID_SIZE];
	bool appraised; /* false: nothing is known of the node, and nothing else in here counts */
	enum verdict verdict;
	bool held; /* good now, but failed before and not cleared */
	bool ek_certified;
	bool relaxed; /* the class's policy allows what the strictest does not */
	const char *hardware_class; /* whose policy and baseline judged it */
	u64 baseline; /* number of the class's that has the firmware's events; 0: none was asked for */
	const char *release; /* "": unknown */
	u8 manifest[SHA384_SIZE];
	u8 session[ATTEST_ID_SIZE];
	const char *verifier; /* version of the fleet server */
};

/* *jwt is the caller's to free. key: P-256. ERR_NO_MEMORY, ERR_ARGUMENT, or the signer's. */
enum err ear_make(const struct ear *e, struct signer *key, char **jwt) MUST_CHECK;

/*
 * keys: P-256, X || Y, n of them; leaves: the record of each, under the fleet CA, so that who knows only the CA can
 * trust them. *json is the caller's to free.
 */
enum err ear_jwks(
        const u8 (*keys)[P256_KEY_SIZE], const u8 (*leaves)[LEAF_RECORD_SIZE], size_t n, char **json) MUST_CHECK;

/* RFC 7638 thumbprint of such a key, base64url: its id in JWT and JWKS. */
enum { EAR_KEY_ID_SIZE = 44 };
void ear_key_id(const u8 key[P256_KEY_SIZE], char out[EAR_KEY_ID_SIZE]);

#endif
