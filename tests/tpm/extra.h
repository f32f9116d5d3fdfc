/*
 * Commands that no code of ours ever sends, but an attacker or an operator does.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_EXTRA_H
#define SIGNET_TESTS_TPM_EXTRA_H

#include "lib/tpm/command.h"

/* hierarchy: TPM_RH_LOCKOUT or TPM_RH_PLATFORM. */
enum err tpm_clear(struct tpm *tpm, u32 hierarchy, const struct tpm_auth_value *value) MUST_CHECK;

/* HierarchyControl by the platform, as a firmware's set-up does it. */
enum err tpm_owner_hierarchy(struct tpm *tpm, bool on) MUST_CHECK;

/* Orderly power-down. */
enum err tpm_shutdown(struct tpm *tpm) MUST_CHECK;

/* How one handle of a command is authorized: TPM_RS_PW or a policy session; value NULL: empty. */
struct tpm_auth {
	u32 session;
	const struct tpm_auth_value *value;
};

/* NV_Write of zeros, authorized by auth_handle: the index itself or TPM_RH_OWNER. */
enum err tpm_nv_write_as(struct tpm *tpm, u32 auth_handle, u32 index, const struct tpm_auth *auth, size_t n) MUST_CHECK;

enum err tpm_nv_undefine(struct tpm *tpm, const struct tpm_auth_value *owner, u32 index) MUST_CHECK;

/* Runs every test that has not run yet and waits for it. */
enum err tpm_self_test(struct tpm *tpm) MUST_CHECK;

#endif
