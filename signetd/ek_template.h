/*
 * The endorsement key as a node shows it: a TPMT_PUBLIC that must be one of the TCG's default templates (EK Credential
 * Profile 2.5, annex B), its Name, and the node id that follows from it. The attestation key's public area likewise.
 * Trust: judges outside bytes; pure.
 */
#ifndef SIGNET_SIGNETD_EK_TEMPLATE_H
#define SIGNET_SIGNETD_EK_TEMPLATE_H

#include "attest/ticket.h"
#include "lib/tpm/public.h"

enum { EK_RSA_MAX = 384, EK_COORDINATE_MAX = 48 };

enum ek_kind { EK_RSA, EK_ECC };

/* How a TPM makes its EK by default: what a key made so can be used for follows from its policy and attributes. */
struct ek_template {
	enum ek_kind kind;
	u16 name_alg; /* also of OAEP, KDFa and KDFe */
	u16 aes_bits;
	u16 bits; /* of the modulus, or of a coordinate */
	u16 curve; /* TPM_ECC_*, 0 for RSA */
	u32 attributes;
	const u8 *policy; /* of name_alg's size */
};

struct ek_public {
	const struct ek_template *template;
	struct tpm_name name;
	u8 modulus[EK_RSA_MAX]; /* bits / 8 bytes count; RSA */
	u8 x[EK_COORDINATE_MAX], y[EK_COORDINATE_MAX]; /* bits / 8 bytes count; ECC */
};

/*
 * ERR_TPM_RESPONSE: not a public area of a known template. A key of another kind could decrypt what its owner likes,
 * and so prove nothing by activating a credential.
 */
enum err ek_public_read(const u8 *bytes, size_t n, struct ek_public *out) MUST_CHECK;

/* SHA-256 of the EK's Name. */
void ek_node_id(const struct ek_public *ek, u8 id[ATTEST_ID_SIZE]);

/*
 * ECDSA P-256 SHA-256; fixed to its TPM, made there, restricted to signing what the TPM makes. ERR_TPM_RESPONSE.
 * Its Name is what the credential is bound to.
 */
enum err ak_public_check(const u8 *bytes, size_t n, struct tpm_name *name) MUST_CHECK;

#endif
