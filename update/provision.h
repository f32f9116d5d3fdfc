/*
 * Enrolment's part in the TPM: the four NV indices, their first content, and the owner's and lockout authorization
 * (docs/states.md).
 * Trust: in the TCB; pure over the TPM's transport.
 */
#ifndef SIGNET_UPDATE_PROVISION_H
#define SIGNET_UPDATE_PROVISION_H

#include "update/nv_tpm.h"

struct provision_request {
	/*
	 * Its floors become the floor indices'. The image floor must lie at most SVN_LEAP_MAX below the running image's
	 * security version: before enrolment no leap is refused, from the next boot on this one would be.
	 */
	struct boot_state first;
	/* Escrowed by the caller beforehand; not empty. */
	struct tpm_auth_value owner;
	struct tpm_auth_value lockout;
};

/*
 * May be cut anywhere and run again with the same request: until the first state is written the node is unprovisioned,
 * from then on provisioned, and what is done already is not done again. An existing state is kept.
 * ERR_NV_POLICY: this boot may not write; nothing was changed. ERR_NV_FOREIGN: an index of ours is there with other
 * attributes. ERR_NV_FULL. ERR_TPM_REFUSED with TPM_RC_BAD_AUTH: another owner's authorization is set.
 */
enum err provision(struct nv_tpm *nv, const struct provision_request *request) MUST_CHECK;

#endif
