/*
 * What the agent's TPM library sends in the product: the attestation key and what it attests (TCG Part 3, sections 12,
 * 18, 24.1, 28.5, 31.16).
 * Test code for a host.
 */
#include "tests/tpm/ak.h"
#include "lib/tpm/types_beyond.h"

#include <string.h>

enum { CREATION_DATA_MAX = 512 };

static void write_sized_template(struct writer *w, u32 attributes)
{
	static const u8 none[P256_KEY_SIZE];
	u8 area[ECC_PUBLIC_MAX];
	struct writer public = writer_on(area, sizeof(area));
	write_ecc_public(&public, attributes, none);
	write_tpm2b(w, area, public.used);
}

/* TPM2B_PUBLIC; the Name is computed, not believed. */
static void read_sized_public(struct reader *r, struct tpm_public *out)
{
	memset(out, 0, sizeof(*out));
	size_t n;
	const u8 *bytes = read_tpm2b(r, sizeof(out->bytes), &n);
	if (!bytes)
		return;
	out->size = (u16)n;
	memcpy(out->bytes, bytes, n);
	tpm_name_of(bytes, n, &out->name);
}

enum {
	AK_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
	        TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
};

/* Creation data, hash and ticket prove how a key came to be; a primary key's template says the same. */
static void skip_creation(struct reader *r)
{
	size_t n;
	(void)read_tpm2b(r, CREATION_DATA_MAX, &n);
	(void)read_tpm2b(r, TPM_DIGEST_MAX, &n);
	(void)read_be16(r);
	(void)read_be32(r);
	(void)read_tpm2b(r, TPM_DIGEST_MAX, &n);
}

enum err tpm_create_ak(struct tpm *tpm, const struct tpm_auth_value *owner, u32 *handle, struct tpm_public *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_CreatePrimary);
	write_be32(&c.w, TPM_RH_OWNER);
	tpm_command_authorize(&c, TPM_RS_PW, owner);
	write_be16(&c.w, 4);
	write_tpm2b(&c.w, NULL, 0); /* authValue */
	write_tpm2b(&c.w, NULL, 0); /* data */
	write_sized_template(&c.w, AK_ATTRIBUTES);
	write_tpm2b(&c.w, NULL, 0); /* outside info */
	write_be32(&c.w, 0); /* creation PCRs */
	tpm_command_run(&c, handle);
	read_sized_public(&c.r, out);
	skip_creation(&c.r);
	read_name_as(&c.r, &out->name);
	return tpm_command_end(&c);
}

enum err tpm_read_public(struct tpm *tpm, u32 handle, struct tpm_public *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_ReadPublic);
	write_be32(&c.w, handle);
	tpm_command_run(&c, NULL);
	struct tpm_name qualified = { .size = 0 };
	read_sized_public(&c.r, out);
	read_name_as(&c.r, &out->name);
	read_name(&c.r, &qualified);
	return tpm_command_end(&c);
}

enum err tpm_ecc_public_decode(const struct tpm_public *p, struct tpm_ecc_public *out)
{
	struct reader r = reader_on(p->bytes, p->size);
	read_ecc_public(&r, out);
	return reader_done(&r) ? OK : ERR_TPM_RESPONSE;
}

enum err tpm_evict_control(struct tpm *tpm, const struct tpm_auth_value *owner, u32 object, u32 persistent)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_EvictControl);
	write_be32(&c.w, TPM_RH_OWNER);
	write_be32(&c.w, object);
	tpm_command_authorize(&c, TPM_RS_PW, owner);
	write_be32(&c.w, persistent);
	return tpm_command_run_plain(&c);
}

static void authorize_two(struct tpm_command *c)
{
	enum { EMPTY_PASSWORD_SIZE = 4 + 2 + 1 + 2 };

	write_be32(&c->w, 2 * EMPTY_PASSWORD_SIZE);
	for (c->auths = 0; c->auths < 2; c->auths++) {
		write_be32(&c->w, TPM_RS_PW);
		write_be16(&c->w, 0);
		write_u8(&c->w, TPMA_SESSION_CONTINUESESSION);
		write_be16(&c->w, 0);
	}
}

static void write_qualifying(struct writer *w, struct tpm_qualifying q)
{
	if (q.size > TPM_QUALIFYING_MAX)
		w->failed = true;
	write_tpm2b(w, q.bytes, q.size);
	write_be16(w, TPM_ALG_NULL); /* scheme: the key's own */
}

static enum err run(struct tpm_command *c, struct tpm_attested *out)
{
	memset(out, 0, sizeof(*out));
	tpm_command_run(c, NULL);
	out->size = read_tpm2b_to(&c->r, out->bytes, sizeof(out->bytes));
	read_ecdsa_signature(&c->r, out->signature);
	return tpm_command_end(c);
}

enum err tpm_quote(
        struct tpm *tpm, u32 key, struct tpm_qualifying q, struct tpm_pcr_selection pcrs, struct tpm_attested *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Quote);
	write_be32(&c.w, key);
	tpm_command_authorize(&c, TPM_RS_PW, NULL);
	write_qualifying(&c.w, q);
	write_pcr_selection(&c.w, pcrs);
	return run(&c, out);
}

enum err tpm_certify(struct tpm *tpm, u32 key, u32 object, struct tpm_qualifying q, struct tpm_attested *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Certify);
	write_be32(&c.w, object);
	write_be32(&c.w, key);
	authorize_two(&c);
	write_qualifying(&c.w, q);
	return run(&c, out);
}

enum err tpm_nv_certify(
        struct tpm *tpm, u32 key, u32 index, u16 size, struct tpm_qualifying q, struct tpm_attested *out)
{
	if (size == 0 || size > TPM_NV_DATA_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Certify);
	write_be32(&c.w, key);
	write_be32(&c.w, index); /* read under the index's own authorization */
	write_be32(&c.w, index);
	authorize_two(&c);
	write_qualifying(&c.w, q);
	write_be16(&c.w, size);
	write_be16(&c.w, 0);
	return run(&c, out);
}
