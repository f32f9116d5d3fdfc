/*
 * The Names of a node's NV indices, for those who judge what a TPM certified of them.
 * Trust: pure. Root mode and stage compute none.
 */
#include "update/nv_tpm.h"

#include "lib/tpm/marshal.h"
#include "lib/tpm/policy.h"

static void name_of(const struct tpm_nv_public *p, struct tpm_name *name)
{
	u8 area[NV_PUBLIC_MAX];
	struct writer w = writer_on(area, sizeof(area));
	write_nv_public(&w, p);
	tpm_name_of(area, w.used, name);
}

void nv_tpm_names(const u8 policy_key[P256_KEY_SIZE], const u8 node_id[NODE_ID_SIZE], struct tpm_name out[NV_INDEXES])
{
	struct nv_tpm nv = { .tpm = NULL };
	struct tpm_name key;
	policy_key_name(policy_key, &key);
	policy_authorize_digest(&key, node_id, nv.policy);
	for (u32 i = 0; i < NV_INDEXES; i++) {
		struct tpm_nv_public public;
		nv_tpm_public(&nv, (enum nv_index)i, &public);
		public.attributes |= TPMA_NV_WRITTEN;
		name_of(&public, &out[i]);
	}
}
