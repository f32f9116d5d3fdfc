/*
 * What a TPM attests: TPMS_ATTEST of a quote and of an NV certification (TCG Part 2, section 10.12).
 * Trust: handles outside bytes; pure. Read only after the signature over the exact bytes was found good.
 */
#ifndef SIGNET_ATTEST_QUOTE_H
#define SIGNET_ATTEST_QUOTE_H

#include "attest/evidence.h"
#include "attest/verdicts.h"
#include "lib/crypto/p256.h"

/* What a TPMS_ATTEST is about (TCG Part 2, TPM_ST). */
enum { TPM_ST_ATTEST_NV = 0x8014, TPM_ST_ATTEST_CERTIFY = 0x8017, TPM_ST_ATTEST_QUOTE = 0x8018 };

struct attested_quote {
	u32 banks; /* how many selections */
	struct tpm_pcr_selection selection; /* the first; pcrs 0 when there is none */
	struct bytes_view digest;
};

struct attested_nv {
	struct bytes_view name;
	u16 offset;
	struct bytes_view content;
};

struct attested {
	struct bytes_view extra;
	u64 clock; /* ms */
	u32 resets, restarts;
	struct attested_quote quote; /* of TPM_ST_ATTEST_QUOTE */
	struct attested_nv nv; /* of TPM_ST_ATTEST_NV */
};

/*
 * type: TPM_ST_ATTEST_QUOTE or TPM_ST_ATTEST_NV. VERDICT_ATTEST_MAGIC: made outside of a TPM (a restricted key signs
 * nothing that begins with the magic unless the TPM made it); VERDICT_ATTEST_TYPE; VERDICT_ATTEST_FORMAT.
 */
enum verdict attested_read(const struct bytes_view *attest, u16 type, struct attested *out) MUST_CHECK;

/* ECDSA P-256 with SHA-256 under the AK, X || Y. A key that is not on the curve is VERDICT_SIGNATURE too. */
enum verdict attested_verify(const struct signed_view *s, const u8 key[P256_KEY_SIZE]) MUST_CHECK;

/* Exactly sha256 of EVIDENCE_PCRS, and the digest of these values. VERDICT_SELECTION, VERDICT_PCR_DIGEST. */
enum verdict quote_covers(const struct attested_quote *q, const struct bytes_view *pcrs) MUST_CHECK;

#endif
