/*
 * Evidence: all that a node shows of one boot, in one container (docs/attestation.md). The agent builds it, the
 * verifier reads it, and it can be saved and carried.
 * Trust: handles outside bytes; pure. Nothing is copied: a parsed struct evidence points into the bytes.
 */
#ifndef SIGNET_ATTEST_EVIDENCE_H
#define SIGNET_ATTEST_EVIDENCE_H

#include "attest/ticket.h"
#include "image/format.h"
#include "lib/tpm/marshal.h"

enum {
	EVIDENCE_VERSION = 1,
	CLAIM_SIZE = 208,
	/* sha256 of PCR 0-7, 12, 13, 14, in this order. */
	EVIDENCE_PCRS = 0x70FF,
	EVIDENCE_PCR_COUNT = 11,
	EVIDENCE_NV_COUNT = 4, /* enum nv_index of update/nv.h */
	EVIDENCE_AK_MAX = 512,
	EVIDENCE_ATTEST_MAX = 1024,
	EVIDENCE_LOG_MAX = 1 << 20,
	EVIDENCE_HEADER_SIZE = 16,
	EVIDENCE_SIZE_MAX = EVIDENCE_LOG_MAX + IMAGE_HEAD_MAX + 16384,
};

/* In this order, each exactly once. */
enum evidence_kind {
	EVIDENCE_CLAIM = 1,
	EVIDENCE_AK = 2,
	EVIDENCE_QUOTE = 3,
	EVIDENCE_PCR_VALUES = 4,
	EVIDENCE_NV = 5,
	EVIDENCE_HEAD = 6,
	EVIDENCE_LOG = 7,
	EVIDENCE_KIND_END,
};

/* What the node says this evidence is about; its digest is in the quote and in each certification. */
struct claim {
	u8 nonce[ATTEST_ID_SIZE]; /* the verifier's */
	u8 challenge[ATTEST_ID_SIZE]; /* the hypervisor's */
	u8 node[ATTEST_ID_SIZE];
	u8 session[ATTEST_ID_SIZE];
	u8 manifest[SHA384_SIZE];
	u8 tls_key[SHA256_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo that the node's TLS connection shows */
};

struct bytes_view {
	const u8 *bytes;
	size_t n;
};

/* TPMS_ATTEST and the signature over it, TPM_SIGNATURE_SIZE bytes. n 0: there is none. */
struct signed_view {
	struct bytes_view attest;
	const u8 *signature;
};

struct evidence {
	struct bytes_view claim; /* CLAIM_SIZE bytes */
	struct bytes_view ak; /* TPMT_PUBLIC */
	struct signed_view quote;
	struct bytes_view pcrs; /* EVIDENCE_PCR_COUNT x 32 bytes */
	/* An index that was never written cannot be certified: a state record may be missing. */
	struct signed_view nv[EVIDENCE_NV_COUNT];
	struct bytes_view head; /* header, key manifests, manifest and signatures as they stand in the slot */
	struct bytes_view log;
};

void claim_encode(const struct claim *c, u8 out[CLAIM_SIZE]);
void claim_decode(const u8 bytes[CLAIM_SIZE], struct claim *out);

/* Qualifying data of quote and certifications: a domain string and the claim, hashed. */
void claim_qualifying(const u8 claim[CLAIM_SIZE], u8 out[SHA256_SIZE]);

/* ERR_RANGE: a part has a length that no evidence has; ERR_NO_MEMORY: more than room. */
enum err evidence_build(const struct evidence *e, u8 *out, size_t room, size_t *n) MUST_CHECK;

/* Lengths, order and padding; what the parts say is not looked at. ERR_EVIDENCE_FORMAT. */
enum err evidence_parse(const u8 *bytes, size_t n, struct evidence *out) MUST_CHECK;

/* Where a PCR stands among the values, NULL when it is not quoted. */
const u8 *evidence_pcr(const struct evidence *e, u32 pcr);

#endif
