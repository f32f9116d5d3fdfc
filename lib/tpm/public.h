/*
 * Public areas and signatures as a TPM gives them, for those who judge what it attested.
 * Trust: pure; sets the reader's failed flag on anything out of bounds or of another kind than ours.
 */
#ifndef SIGNET_LIB_TPM_PUBLIC_H
#define SIGNET_LIB_TPM_PUBLIC_H

#include "lib/tpm/marshal.h"

/* Bytes of the longest public area that is looked at. */
enum { TPM_PUBLIC_MAX = 512 };

/* TPMT_PUBLIC of an ECDSA P-256 SHA-256 key without a policy. */
struct tpm_ecc_public {
	u32 attributes;
	u8 key[P256_KEY_SIZE]; /* X || Y */
};

void read_ecc_public(struct reader *r, struct tpm_ecc_public *p);

/* TPMT_SIGNATURE, ECDSA with SHA-256: r || s, each padded to 32 bytes. */
void read_ecdsa_signature(struct reader *r, u8 signature[TPM_SIGNATURE_SIZE]);

#endif
