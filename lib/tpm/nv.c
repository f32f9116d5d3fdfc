/*
 * NV commands (TCG Part 3, section 31).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/nv.h"

#include "lib/tpm/marshal.h"

#include <string.h>

void write_nv_public(struct writer *w, const struct tpm_nv_public *p)
{
	write_be32(w, p->index);
	write_be16(w, p->name_alg);
	write_be32(w, p->attributes);
	write_tpm2b(w, p->policy, p->policy_size);
	write_be16(w, p->size);
}

static void read_nv_public(struct reader *r, struct tpm_nv_public *p)
{
	p->index = read_be32(r);
	p->name_alg = read_be16(r);
	p->attributes = read_be32(r);
	p->policy_size = read_tpm2b_to(r, p->policy, sizeof(p->policy));
	p->size = read_be16(r);
}

static bool name_fits(const struct tpm_nv_public *p, const u8 *area, size_t n, const struct tpm_name *name)
{
	if (p->name_alg != TPM_ALG_SHA256)
		return true;
	struct tpm_name computed;
	tpm_name_of(area, n, &computed);
	return computed.size == name->size && memcmp(computed.bytes, name->bytes, name->size) == 0;
}

enum err tpm_nv_read_public(struct tpm *tpm, u32 index, struct tpm_nv_public *out, struct tpm_name *name)
{
	memset(out, 0, sizeof(*out));
	memset(name, 0, sizeof(*name));
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_ReadPublic);
	write_be32(&c.w, index);
	tpm_command_run(&c, NULL);
	size_t n;
	const u8 *area = read_tpm2b(&c.r, NV_PUBLIC_MAX, &n);
	read_name(&c.r, name);
	enum err e = tpm_command_end(&c);
	if (e)
		return e;
	struct reader r = reader_on(area, n);
	read_nv_public(&r, out);
	if (!reader_done(&r) || out->index != index || !name_fits(out, area, n, name))
		return ERR_TPM_RESPONSE;
	return OK;
}

enum err tpm_nv_read(struct tpm *tpm, u32 index, u8 *out, u16 size)
{
	if (size > TPM_NV_DATA_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Read);
	write_be32(&c.w, index);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, TPM_RS_PW, NULL);
	write_be16(&c.w, size);
	write_be16(&c.w, 0);
	tpm_command_run(&c, NULL);
	c.r.failed |= read_tpm2b_to(&c.r, out, size) != size;
	return tpm_command_end(&c);
}

enum err tpm_nv_write(struct tpm *tpm, u32 index, u32 session, const u8 *bytes, size_t n)
{
	if (n > TPM_NV_DATA_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Write);
	write_be32(&c.w, index);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, session, NULL);
	write_tpm2b(&c.w, bytes, n);
	write_be16(&c.w, 0);
	return tpm_command_run_plain(&c);
}

enum err tpm_nv_define(struct tpm *tpm, const struct tpm_auth_value *owner, const struct tpm_nv_public *p)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_DefineSpace);
	write_be32(&c.w, TPM_RH_OWNER);
	tpm_command_authorize(&c, TPM_RS_PW, owner);
	write_tpm2b(&c.w, NULL, 0); /* authValue */
	u8 area[NV_PUBLIC_MAX];
	struct writer public = writer_on(area, sizeof(area));
	write_nv_public(&public, p);
	write_tpm2b(&c.w, area, public.used);
	return tpm_command_run_plain(&c);
}
