/*
 * The boot state's NV indices in a TPM.
 * Trust: in the TCB; pure over the TPM's transport.
 */
#include "update/nv_tpm.h"

#include "lib/tpm/admin.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/session.h"

#include <string.h>

enum {
	/* Exactly these: another right to write or delete would let another system change what we rely on. */
	NV_ATTRIBUTES = TPMA_NV_POLICYWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
};

static const u16 index_size[NV_INDEXES] = {
	[NV_STATE_0] = STATE_RECORD_SIZE,
	[NV_STATE_1] = STATE_RECORD_SIZE,
	[NV_IMAGE_FLOOR] = FLOOR_RECORD_SIZE,
	[NV_KEY_FLOOR] = FLOOR_RECORD_SIZE,
};

static u32 handle_of(enum nv_index index)
{
	return NV_HANDLE_BASE + (u32)index;
}

void nv_tpm_public(const struct nv_tpm *nv, enum nv_index index, struct tpm_nv_public *out)
{
	*out = (struct tpm_nv_public){
		.index = handle_of(index),
		.name_alg = TPM_ALG_SHA256,
		.attributes = NV_ATTRIBUTES,
		.policy_size = SHA256_SIZE,
		.size = index_size[index],
	};
	memcpy(out->policy, nv->policy, SHA256_SIZE);
}

/* In all but the policy. */
static bool has_our_shape(enum nv_index index, const struct tpm_nv_public *found)
{
	return found->name_alg == TPM_ALG_SHA256 && (found->attributes & ~(u32)TPMA_NV_WRITTEN) == NV_ATTRIBUTES &&
	        found->size == index_size[index] && found->policy_size == SHA256_SIZE;
}

static bool has_policy(const struct tpm_nv_public *found, const u8 policy[SHA256_SIZE])
{
	return memcmp(found->policy, policy, SHA256_SIZE) == 0;
}

/* Without an authority we do not know the node id, and so not the policy; the verifier, who does, compares Names. */
static bool is_ours(const struct nv_tpm *nv, enum nv_index index, const struct tpm_nv_public *found)
{
	return has_our_shape(index, found) && (!nv->authority || has_policy(found, nv->policy));
}

/*
 * A TPM whose owner hierarchy is off denies that there are indices (TPM2_HierarchyControl), and firmware set-ups offer
 * to switch it off: believed, that would be a way round the minimum versions which leaves no trace.
 */
static enum err absent(struct tpm *tpm)
{
	u32 startup;
	enum err e = tpm_get_property(tpm, TPM_PT_STARTUP_CLEAR, &startup);
	if (e)
		return e;
	return startup & TPMA_STARTUP_CLEAR_SHENABLE ? ERR_NV_ABSENT : ERR_NV_HIDDEN;
}

static enum err look_at(const struct nv_tpm *nv, enum nv_index index, struct tpm_nv_public *found)
{
	struct tpm_name name;
	enum err e = tpm_nv_read_public(nv->tpm, handle_of(index), found, &name);
	return tpm_refused_with(nv->tpm, e, TPM_RC_HANDLE) ? absent(nv->tpm) : e;
}

enum err nv_tpm_check(const struct nv_tpm *nv, enum nv_index index, bool *written)
{
	struct tpm_nv_public found;
	enum err e = look_at(nv, index, &found);
	if (e)
		return e;
	*written = found.attributes & TPMA_NV_WRITTEN;
	return is_ours(nv, index, &found) ? OK : ERR_NV_FOREIGN;
}

static enum err read_index(void *context, enum nv_index index, u8 *out, size_t size)
{
	const struct nv_tpm *nv = context;
	if (index >= NV_INDEXES || size != index_size[index])
		return ERR_INTERNAL;
	bool written = false;
	enum err e = nv_tpm_check(nv, index, &written);
	if (e)
		return e;
	return written ? tpm_nv_read(nv->tpm, handle_of(index), out, index_size[index]) : ERR_NV_ABSENT;
}

/* The TPM's refusal of a proof means that this boot may not write. */
static enum err as_policy(enum err e)
{
	return e == ERR_TPM_REFUSED ? ERR_NV_POLICY : e;
}

/* An error of clearing up counts only where nothing went wrong before. */
static enum err flush(struct tpm *tpm, u32 handle, enum err e)
{
	enum err flushed = tpm_flush_context(tpm, handle);
	return e ? e : flushed;
}

/* Has the TPM itself verify the fleet's approval of this digest. */
static enum err verify_approval(const struct nv_tpm *nv, const struct authority_entry *entry, struct tpm_ticket *ticket)
{
	u8 hash[SHA256_SIZE];
	policy_approval_hash(entry->approved, nv->authority->node_id, hash);
	u32 key;
	enum err e = tpm_load_external(nv->tpm, nv->policy_key, &key);
	if (e)
		return e;
	e = as_policy(tpm_verify_signature(nv->tpm, key, hash, entry->signature, ticket));
	return flush(nv->tpm, key, e);
}

static enum err authorize(const struct nv_tpm *nv, u32 session, const struct authority_entry *entry)
{
	struct tpm_ticket ticket;
	struct tpm_name name;
	u8 digest[SHA256_SIZE];
	enum err e = verify_approval(nv, entry, &ticket);
	if (e)
		return e;
	policy_key_name(nv->policy_key, &name);
	e = as_policy(tpm_policy_authorize(nv->tpm, session, entry->approved, nv->authority->node_id, &name, &ticket));
	if (!e)
		e = tpm_policy_get_digest(nv->tpm, session, digest);
	if (e)
		return e;
	return digest_equal(digest, nv->policy, SHA256_SIZE) ? OK : ERR_NV_POLICY;
}

static enum err satisfy(const struct nv_tpm *nv, u32 session)
{
	u8 present[SHA256_SIZE];
	enum err e = tpm_policy_pcr(nv->tpm, session, TPM_ALG_SHA256, BIT(PCR_SECURE_BOOT));
	if (!e)
		e = tpm_policy_get_digest(nv->tpm, session, present);
	if (e)
		return e;
	const struct authority_entry *entry = authority_find(nv->authority, present);
	return entry ? authorize(nv, session, entry) : ERR_NV_POLICY;
}

/* On success *session satisfies the write policy; the caller flushes it. */
static enum err open_session(const struct nv_tpm *nv, u32 *session)
{
	if (!nv->authority)
		return ERR_NV_POLICY;
	enum err e = tpm_policy_session_start(nv->tpm, TPM_SE_POLICY, session);
	if (e)
		return e;
	e = satisfy(nv, *session);
	return e ? flush(nv->tpm, *session, e) : OK;
}

static bool denies_write(u32 response_code)
{
	static const u32 denials[] = { TPM_RC_POLICY_FAIL, TPM_RC_PCR_CHANGED, TPM_RC_AUTH_UNAVAILABLE,
		TPM_RC_NV_AUTHORIZATION, TPM_RC_AUTH_TYPE };
	for (size_t i = 0; i < ARRAY_SIZE(denials); i++)
		if (tpm_rc_base(response_code) == denials[i])
			return true;
	return false;
}

static enum err write_index(void *context, enum nv_index index, const u8 *bytes, size_t size)
{
	const struct nv_tpm *nv = context;
	if (index >= NV_INDEXES || size != index_size[index])
		return ERR_INTERNAL;
	u32 session;
	enum err e = open_session(nv, &session);
	if (e)
		return e;
	e = tpm_nv_write(nv->tpm, handle_of(index), session, bytes, size);
	if (e == ERR_TPM_REFUSED && denies_write(nv->tpm->response_code))
		e = ERR_NV_POLICY;
	return flush(nv->tpm, session, e);
}

static enum err try_policy(struct nv_tpm *nv)
{
	u32 session;
	enum err e = open_session(nv, &session);
	if (!e)
		e = tpm_flush_context(nv->tpm, session);
	nv->store.writable = !e;
	return e == ERR_NV_POLICY || e == ERR_TPM_REFUSED ? OK : e;
}

/*
 * All four indices are there and ours, but for one other policy that they share: then it is the authority that belongs
 * to another node, or was changed. Its node id stands on flash and is signed by nobody; it must not pass for the truth
 * about the TPM.
 */
static enum err is_another_nodes(const struct nv_tpm *nv, bool *yes)
{
	struct tpm_nv_public first = { 0 };
	*yes = false;
	for (u32 i = 0; i < NV_INDEXES; i++) {
		struct tpm_nv_public found;
		enum err e = look_at(nv, (enum nv_index)i, &found);
		if (e)
			return e == ERR_NV_ABSENT ? OK : e;
		if (i == 0)
			first = found;
		if (!has_our_shape((enum nv_index)i, &found) || !has_policy(&found, first.policy) ||
		        has_policy(&found, nv->policy))
			return OK;
	}
	*yes = true;
	return OK;
}

enum err nv_tpm_init(
        struct nv_tpm *nv, struct tpm *tpm, const u8 policy_key[P256_KEY_SIZE], const struct authority *authority)
{
	memset(nv, 0, sizeof(*nv));
	nv->store = (struct nv_store){ .read = read_index, .write = write_index, .context = nv };
	nv->tpm = tpm;
	memcpy(nv->policy_key, policy_key, P256_KEY_SIZE);
	if (!authority || memcmp(authority->policy_key, policy_key, P256_KEY_SIZE) != 0)
		return OK;
	nv->authority = authority;
	struct tpm_name name;
	policy_key_name(policy_key, &name);
	policy_authorize_digest(&name, authority->node_id, nv->policy);
	bool other;
	enum err e = is_another_nodes(nv, &other);
	if (other)
		nv->authority = NULL;
	return e ? e : try_policy(nv);
}
