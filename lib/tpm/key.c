/*
 * Keys in the TPM (TCG Part 3, sections 12, 20.1, 24.1, 28.5).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/key.h"

#include <string.h>

enum { CREATION_DATA_MAX = 512 };

struct tpm_ecc_public tpm_external_key(const u8 key[P256_KEY_SIZE])
{
	struct tpm_ecc_public p = { .attributes = TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH };
	memcpy(p.key, key, sizeof(p.key));
	return p;
}

static void write_sized_public(struct writer *w, const struct tpm_ecc_public *p)
{
	size_t at = write_sized_begin(w);
	write_ecc_public(w, p);
	write_sized_end(w, at);
}

static bool names_equal(const struct tpm_name *a, const struct tpm_name *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
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

/* The Name the TPM gives must be the one computed. */
static void expect_name(struct reader *r, const struct tpm_name *name)
{
	struct tpm_name given = { .size = 0 };
	read_name(r, &given);
	if (!names_equal(&given, name))
		r->failed = true;
}

enum err tpm_load_external(struct tpm *tpm, const u8 key[P256_KEY_SIZE], u32 *handle)
{
	struct tpm_ecc_public public = tpm_external_key(key);
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_LoadExternal);
	write_be16(&c.w, 0); /* no private part */
	size_t at = write_sized_begin(&c.w);
	write_ecc_public(&c.w, &public);
	write_sized_end(&c.w, at);
	struct tpm_name name = { .size = 0 };
	if (!c.w.failed)
		tpm_name_of(c.w.start + at, c.w.used - at, &name);
	write_be32(&c.w, TPM_RH_OWNER);
	struct reader r;
	enum err e = tpm_command_run(&c, handle, &r);
	if (e)
		return e;
	expect_name(&r, &name);
	return tpm_parameters_end(&r);
}

static void read_ticket(struct reader *r, u16 tag, struct tpm_ticket *ticket)
{
	if (read_be16(r) != tag)
		r->failed = true;
	ticket->hierarchy = read_be32(r);
	size_t n;
	const u8 *digest = read_tpm2b(r, sizeof(ticket->digest), &n);
	if (!digest)
		return;
	ticket->size = (u16)n;
	memcpy(ticket->digest, digest, n);
}

enum err tpm_verify_signature(struct tpm *tpm, u32 key, const u8 digest[SHA256_SIZE],
        const u8 signature[TPM_SIGNATURE_SIZE], struct tpm_ticket *ticket)
{
	memset(ticket, 0, sizeof(*ticket));
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_VerifySignature);
	write_be32(&c.w, key);
	write_tpm2b(&c.w, digest, SHA256_SIZE);
	write_ecdsa_signature(&c.w, signature);
	struct reader r;
	enum err e = tpm_command_run(&c, NULL, &r);
	if (e)
		return e;
	read_ticket(&r, TPM_ST_VERIFIED, ticket);
	return tpm_parameters_end(&r);
}

static const struct tpm_ecc_public ak_template = {
	.attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
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
	tpm_command_password(&c, owner);
	size_t sensitive = write_sized_begin(&c.w);
	write_tpm2b(&c.w, NULL, 0); /* authValue */
	write_tpm2b(&c.w, NULL, 0); /* data */
	write_sized_end(&c.w, sensitive);
	write_sized_public(&c.w, &ak_template);
	write_tpm2b(&c.w, NULL, 0); /* outside info */
	write_be32(&c.w, 0); /* creation PCRs */
	struct reader r;
	enum err e = tpm_command_run(&c, handle, &r);
	if (e)
		return e;
	read_sized_public(&r, out);
	skip_creation(&r);
	expect_name(&r, &out->name);
	return tpm_parameters_end(&r);
}

enum err tpm_read_public(struct tpm *tpm, u32 handle, struct tpm_public *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_ReadPublic);
	write_be32(&c.w, handle);
	struct reader r;
	enum err e = tpm_command_run(&c, NULL, &r);
	if (e)
		return e;
	struct tpm_name qualified = { .size = 0 };
	read_sized_public(&r, out);
	expect_name(&r, &out->name);
	read_name(&r, &qualified);
	return tpm_parameters_end(&r);
}

enum err tpm_ecc_public_decode(const struct tpm_public *p, struct tpm_ecc_public *out)
{
	struct reader r = reader_on(p->bytes, p->size);
	read_ecc_public(&r, out);
	return tpm_parameters_end(&r);
}

enum err tpm_evict_control(struct tpm *tpm, const struct tpm_auth_value *owner, u32 object, u32 persistent)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_EvictControl);
	write_be32(&c.w, TPM_RH_OWNER);
	write_be32(&c.w, object);
	tpm_command_password(&c, owner);
	write_be32(&c.w, persistent);
	return tpm_command_run_plain(&c);
}
