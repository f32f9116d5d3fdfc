/*
 * Commands of attackers and operators.
 * Test code for a host.
 */
#include "tests/tpm/extra.h"

#include "lib/tpm/marshal.h"
#include "lib/tpm/types_beyond.h"

enum { TPM_CC_HierarchyControl = 0x121, TPM_CC_Clear = 0x126, TPM_CC_Shutdown = 0x145 };

enum err tpm_clear(struct tpm *tpm, u32 hierarchy, const struct tpm_auth_value *value)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Clear);
	write_be32(&c.w, hierarchy);
	tpm_command_authorize(&c, TPM_RS_PW, value);
	return tpm_command_run_plain(&c);
}

enum err tpm_owner_hierarchy(struct tpm *tpm, bool on)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_HierarchyControl);
	write_be32(&c.w, TPM_RH_PLATFORM);
	tpm_command_authorize(&c, TPM_RS_PW, NULL);
	write_be32(&c.w, TPM_RH_OWNER);
	write_u8(&c.w, on);
	return tpm_command_run_plain(&c);
}

enum err tpm_shutdown(struct tpm *tpm)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Shutdown);
	write_be16(&c.w, TPM_SU_CLEAR);
	return tpm_command_run_plain(&c);
}

enum err tpm_nv_write_as(struct tpm *tpm, u32 auth_handle, u32 index, const struct tpm_auth *auth, size_t n)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Write);
	write_be32(&c.w, auth_handle);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, auth->session, auth->value);
	write_be16(&c.w, (u16)n);
	write_zero(&c.w, n);
	write_be16(&c.w, 0);
	return tpm_command_run_plain(&c);
}

enum err tpm_nv_undefine(struct tpm *tpm, const struct tpm_auth_value *owner, u32 index)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_UndefineSpace);
	write_be32(&c.w, TPM_RH_OWNER);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, TPM_RS_PW, owner);
	return tpm_command_run_plain(&c);
}

enum err tpm_self_test(struct tpm *tpm)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_SelfTest);
	write_u8(&c.w, 0);
	return tpm_command_run_plain(&c);
}
