/*
 * Wire forms that several commands share (TCG Part 2): sized buffers, PCR selections, ECC public areas and signatures.
 * Trust: in the TCB; pure. Reading sets the reader's failed flag on anything out of bounds.
 */
#ifndef SIGNET_LIB_TPM_MARSHAL_H
#define SIGNET_LIB_TPM_MARSHAL_H

#include "lib/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/tpm/types.h"

/* bytes may be NULL when n is 0. */
void write_tpm2b(struct writer *w, const u8 *bytes, size_t n);
/* A pointer to at most max bytes and their number; NULL and failed otherwise. */
const u8 *read_tpm2b(struct reader *r, size_t max, size_t *n);
/* The same, copied to where max bytes have room; gives their number, 0 where the reader failed. */
u16 read_tpm2b_to(struct reader *r, u8 *to, size_t max);

/* Digest size of a hash algorithm, 0 for one we do not know. */
u16 tpm_hash_size(u16 alg);

struct tpm_pcr_selection {
	u16 alg;
	u32 pcrs; /* bit n: PCR n, 0..23 */
};

/* TPML_PCR_SELECTION of one bank. */
void write_pcr_selection(struct writer *w, struct tpm_pcr_selection s);

void write_name(struct writer *w, const struct tpm_name *name);
void read_name(struct reader *r, struct tpm_name *name);

/*
 * TPMT_PUBLIC of an ECDSA P-256 SHA-256 signing key, X || Y, with enum tpma_object's attributes. key all zero: a
 * template, without a unique part.
 */
void write_ecc_public(struct writer *w, u32 attributes, const u8 key[P256_KEY_SIZE]);
enum { ECC_PUBLIC_MAX = 128 };
/* Name of a public area: nameAlg SHA-256 and its digest. */
void tpm_name_of(const u8 *public_area, size_t n, struct tpm_name *name);

enum { TPM_SIGNATURE_SIZE = 64, COORDINATE_SIZE = P256_KEY_SIZE / 2 };

/* TPMT_SIGNATURE, ECDSA with SHA-256; r || s, each padded to 32 bytes. */
void write_ecdsa_signature(struct writer *w, const u8 signature[TPM_SIGNATURE_SIZE]);

#endif
