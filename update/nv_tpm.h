/*
 * struct nv_store over a TPM: the four indices as docs/states.md defines them, written under the fleet's policy.
 * Trust: in the TCB; pure over the TPM's transport. What the TPM holds may be another system's.
 */
#ifndef SIGNET_UPDATE_NV_TPM_H
#define SIGNET_UPDATE_NV_TPM_H

#include "lib/tpm/nv.h"
#include "lib/tpm/tpm.h"
#include "update/authority.h"
#include "update/nv.h"

struct nv_tpm {
	struct nv_store store; /* its context is this struct: do not copy it */
	struct tpm *tpm;
	const struct authority *authority; /* NULL: none that fits */
	u8 policy_key[P256_KEY_SIZE];
	u8 policy[SHA256_SIZE]; /* the indices' authPolicy; known with an authority only */
};

/*
 * policy_key: of the trusted key set, X || Y. authority: as parsed, or NULL; one for another policy key or another node
 * is as good as none, and nv->authority is NULL then. Without an authority the indices' policy cannot be told from a
 * foreign one and nothing can be written. Finds out whether this boot may write, by satisfying the policy once without
 * a write. A refusal by the TPM is no error then, but read-only; any other error is the transport's.
 */
enum err nv_tpm_init(struct nv_tpm *nv, struct tpm *tpm, const u8 policy_key[P256_KEY_SIZE],
        const struct authority *authority) MUST_CHECK;

/*
 * Names that the four indices of this node have once they are written: a verifier computes them, and believes none that
 * it is told. In nv_names.c.
 */
void nv_tpm_names(const u8 policy_key[P256_KEY_SIZE], const u8 node_id[NODE_ID_SIZE], struct tpm_name out[NV_INDEXES]);

/* How an index of ours is defined. */
void nv_tpm_public(const struct nv_tpm *nv, enum nv_index index, struct tpm_nv_public *out);

/*
 * OK: defined as ours, and *written tells whether it has content. ERR_NV_ABSENT; ERR_NV_FOREIGN; ERR_NV_HIDDEN: the
 * owner hierarchy is off, so that nothing can be said.
 */
enum err nv_tpm_check(const struct nv_tpm *nv, enum nv_index index, bool *written) MUST_CHECK;

#endif
