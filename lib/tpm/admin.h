/*
 * A TPM's properties, its randomness and the authorization values of its hierarchies.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_ADMIN_H
#define SIGNET_LIB_TPM_ADMIN_H

#include "lib/tpm/command.h"

/* Fills out; as many commands as the TPM's own limit on one answer makes necessary. */
enum err tpm_get_random(struct tpm *tpm, u8 *out, size_t n) MUST_CHECK;

/* Of enum tpm_pt. ERR_TPM_RESPONSE when the TPM does not have the property. */
enum err tpm_get_property(struct tpm *tpm, u32 property, u32 *value) MUST_CHECK;

/* hierarchy: TPM_RH_OWNER, TPM_RH_LOCKOUT, TPM_RH_ENDORSEMENT. */
enum err tpm_hierarchy_change_auth(
        struct tpm *tpm, u32 hierarchy, const struct tpm_auth_value *old, const struct tpm_auth_value *new) MUST_CHECK;

#endif
