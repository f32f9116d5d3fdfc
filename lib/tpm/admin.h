/*
 * Starting a TPM, its properties, randomness and the authorization values of its hierarchies.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_ADMIN_H
#define SIGNET_LIB_TPM_ADMIN_H

#include "lib/tpm/command.h"

/* A TPM that firmware started already is OK too. */
enum err tpm_startup(struct tpm *tpm) MUST_CHECK;

/* Runs every test that has not run yet and waits for it. */
enum err tpm_self_test(struct tpm *tpm) MUST_CHECK;

/* Fills out; as many commands as the TPM's own limit on one answer makes necessary. */
enum err tpm_get_random(struct tpm *tpm, u8 *out, size_t n) MUST_CHECK;

/* ERR_TPM_RESPONSE when the TPM does not have the property. */
enum err tpm_get_property(struct tpm *tpm, enum tpm_pt property, u32 *value) MUST_CHECK;

/* hierarchy: TPM_RH_OWNER, TPM_RH_LOCKOUT, TPM_RH_ENDORSEMENT. */
enum err tpm_hierarchy_change_auth(
        struct tpm *tpm, u32 hierarchy, const struct tpm_auth_value *old, const struct tpm_auth_value *new) MUST_CHECK;

#endif
