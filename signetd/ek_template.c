/*
 * EK templates.
 * Trust: judges outside bytes; pure.
 */
#include "signetd/ek_template.h"
#include "lib/tpm/types_beyond.h"

#include <string.h>

enum {
	TPM_ALG_RSA = 0x0001,
	TPM_ALG_AES = 0x0006,
	TPM_ALG_CFB = 0x0043,
	TPM_ECC_NIST_P384 = 0x0004,
	/* fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt */
	EK_ATTRIBUTES = 0x000300B2,
	/* the same and userWithAuth: the "high range" of templates */
	EK_ATTRIBUTES_HIGH = 0x000300F2,
};

/* PolicyA: PolicySecret(endorsement hierarchy). */
static const u8 policy_a_sha256[SHA256_SIZE] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D,
	0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14,
	0x69, 0xAA };

/* PolicyB: PolicyA, or a policy that the owner keeps in NV. */
static const u8 policy_b_sha256[SHA256_SIZE] = { 0xCA, 0x3D, 0x0A, 0x99, 0xA2, 0xB9, 0x39, 0x06, 0xF7, 0xA3, 0x34, 0x24,
	0x14, 0xEF, 0xCF, 0xB3, 0xA3, 0x85, 0xD4, 0x4C, 0xD1, 0xFD, 0x45, 0x90, 0x89, 0xD1, 0x9B, 0x50, 0x71, 0xC0,
	0xB7, 0xA0 };
static const u8 policy_b_sha384[SHA384_SIZE] = { 0xB2, 0x6E, 0x7D, 0x28, 0xD1, 0x1A, 0x50, 0xBC, 0x53, 0xD8, 0x82, 0xBC,
	0xF5, 0xFD, 0x3A, 0x1A, 0x07, 0x41, 0x48, 0xBB, 0x35, 0xD3, 0xB4, 0xE4, 0xCB, 0x1C, 0x0A, 0xD9, 0xBD, 0xE4,
	0x19, 0xCA, 0xCB, 0x47, 0xBA, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0F, 0x9F, 0xC0, 0x00, 0xF3, 0xF8, 0x0E, 0x12 };

static const struct ek_template templates[] = {
	{ EK_RSA, TPM_ALG_SHA256, 128, 2048, 0, EK_ATTRIBUTES, policy_a_sha256 }, /* L-1 */
	{ EK_ECC, TPM_ALG_SHA256, 128, 256, TPM_ECC_NIST_P256, EK_ATTRIBUTES, policy_a_sha256 }, /* L-2 */
	{ EK_RSA, TPM_ALG_SHA256, 128, 2048, 0, EK_ATTRIBUTES_HIGH, policy_b_sha256 }, /* H-1 */
	{ EK_ECC, TPM_ALG_SHA256, 128, 256, TPM_ECC_NIST_P256, EK_ATTRIBUTES_HIGH, policy_b_sha256 }, /* H-2 */
	{ EK_ECC, TPM_ALG_SHA384, 256, 384, TPM_ECC_NIST_P384, EK_ATTRIBUTES_HIGH, policy_b_sha384 }, /* H-3 */
	{ EK_RSA, TPM_ALG_SHA384, 256, 3072, 0, EK_ATTRIBUTES_HIGH, policy_b_sha384 }, /* H-6 */
};

/* All that comes before the unique part, as the template has it; the reader stands at the unique part then. */
static bool read_template(struct reader *r, const struct ek_template *t)
{
	u16 type = t->kind == EK_RSA ? TPM_ALG_RSA : TPM_ALG_ECC;
	bool fits = read_be16(r) == type && read_be16(r) == t->name_alg && read_be32(r) == t->attributes;
	size_t n;
	const u8 *policy = read_tpm2b(r, TPM_DIGEST_MAX, &n);

	fits = fits && policy && n == tpm_hash_size(t->name_alg) && memcmp(policy, t->policy, n) == 0;
	fits = fits && read_be16(r) == TPM_ALG_AES && read_be16(r) == t->aes_bits && read_be16(r) == TPM_ALG_CFB;
	fits = fits && read_be16(r) == TPM_ALG_NULL;
	if (t->kind == EK_RSA)
		return fits && read_be16(r) == t->bits && read_be32(r) == 0; /* exponent 65537 */
	return fits && read_be16(r) == t->curve && read_be16(r) == TPM_ALG_NULL;
}

/* A TPM may leave leading zeros of a coordinate away. */
static void read_coordinate(struct reader *r, u8 *out, size_t size)
{
	size_t n;
	const u8 *bytes = read_tpm2b(r, size, &n);

	memset(out, 0, size);
	if (bytes)
		memcpy(out + size - n, bytes, n);
}

static void read_unique(struct reader *r, struct ek_public *out)
{
	size_t size = out->template->bits / 8;
	size_t n;

	if (out->template->kind == EK_ECC) {
		read_coordinate(r, out->x, size);
		read_coordinate(r, out->y, size);
		return;
	}
	const u8 *modulus = read_tpm2b(r, size, &n);
	if (!modulus || n != size)
		r->failed = true;
	else
		memcpy(out->modulus, modulus, size);
}

static void name_of(u16 alg, const u8 *bytes, size_t n, struct tpm_name *name)
{
	store_be16(name->bytes, alg);
	if (alg == TPM_ALG_SHA384)
		sha384_of(bytes, n, name->bytes + 2);
	else
		sha256_of(bytes, n, name->bytes + 2);
	name->size = (u16)(2 + tpm_hash_size(alg));
}

enum err ek_public_read(const u8 *bytes, size_t n, struct ek_public *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		struct reader r = reader_on(bytes, n);
		if (!read_template(&r, &templates[i]))
			continue;
		out->template = &templates[i];
		read_unique(&r, out);
		name_of(templates[i].name_alg, bytes, n, &out->name);
		return reader_done(&r) ? OK : ERR_TPM_RESPONSE;
	}
	return ERR_TPM_RESPONSE;
}

void ek_node_id(const struct ek_public *ek, u8 id[ATTEST_ID_SIZE])
{
	sha256_of(ek->name.bytes, ek->name.size, id);
}

enum err ak_public_check(const u8 *bytes, size_t n, struct tpm_name *name)
{
	const u32 demanded = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
	        TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
	struct reader r = reader_on(bytes, n);
	struct tpm_ecc_public public = { .attributes = 0 };

	read_ecc_public(&r, &public);
	if (!reader_done(&r) || (public.attributes & demanded) != demanded)
		return ERR_TPM_RESPONSE;
	tpm_name_of(bytes, n, name);
	return OK;
}
