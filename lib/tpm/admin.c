/*
 * Administration (TCG Part 3, sections 16, 24.8, 30.2).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/admin.h"

#include "lib/tpm/marshal.h"

enum { RANDOM_CHUNK = 32 };

static enum err random_chunk(struct tpm *tpm, u8 *out, size_t want, size_t *got)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_GetRandom);
	write_be16(&c.w, (u16)want);
	tpm_command_run(&c, NULL);
	*got = read_tpm2b_to(&c.r, out, want);
	enum err e = tpm_command_end(&c);
	/* None at all would keep the caller asking for ever. */
	return e || *got ? e : ERR_TPM_RESPONSE;
}

enum err tpm_get_random(struct tpm *tpm, u8 *out, size_t n)
{
	while (n) {
		size_t got;
		enum err e = random_chunk(tpm, out, n < RANDOM_CHUNK ? n : RANDOM_CHUNK, &got);
		if (e)
			return e;
		out += got;
		n -= got;
	}
	return OK;
}

enum err tpm_get_property(struct tpm *tpm, u32 property, u32 *value)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_GetCapability);
	write_be32(&c.w, TPM_CAP_TPM_PROPERTIES);
	write_be32(&c.w, property);
	write_be32(&c.w, 1);
	tpm_command_run(&c, NULL);
	(void)read_u8(&c.r); /* whether there are further properties */
	u32 capability = read_be32(&c.r);
	u32 count = read_be32(&c.r);
	u32 got = read_be32(&c.r);
	*value = read_be32(&c.r);
	/* Asked for one it has not, a TPM answers with the next one it has. */
	c.r.failed |= capability != TPM_CAP_TPM_PROPERTIES || count != 1 || got != property;
	return tpm_command_end(&c);
}

enum err tpm_hierarchy_change_auth(
        struct tpm *tpm, u32 hierarchy, const struct tpm_auth_value *old, const struct tpm_auth_value *new)
{
	if (new->size > TPM_AUTH_VALUE_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_HierarchyChangeAuth);
	write_be32(&c.w, hierarchy);
	tpm_command_authorize(&c, TPM_RS_PW, old);
	write_tpm2b(&c.w, new->bytes, new->size);
	return tpm_command_run_plain(&c);
}
