/*
 * Enrolment's part in the TPM, in an order that survives a cut at every command.
 * Trust: in the TCB; pure over the TPM's transport.
 */
#include "update/provision.h"

#include "lib/tpm/admin.h"

static const struct tpm_auth_value empty;

/* Which hierarchies have a value of their own, from an earlier run or another owner. */
struct ownership {
	bool owner_set;
	bool lockout_set;
};

static enum err look_at_ownership(struct tpm *tpm, struct ownership *o)
{
	u32 permanent;
	enum err e = tpm_get_property(tpm, TPM_PT_PERMANENT, &permanent);
	if (e)
		return e;
	o->owner_set = permanent & TPMA_PERMANENT_OWNERAUTHSET;
	o->lockout_set = permanent & TPMA_PERMANENT_LOCKOUTAUTHSET;
	return OK;
}

/* Replaces the empty value; one that is set already must be ours, which changing it to itself proves. */
static enum err own(struct tpm *tpm, u32 hierarchy, bool set, const struct tpm_auth_value *value)
{
	return tpm_hierarchy_change_auth(tpm, hierarchy, set ? value : &empty, value);
}

static enum err define(struct nv_tpm *nv, enum nv_index index, const struct tpm_auth_value *owner)
{
	bool written;
	enum err e = nv_tpm_check(nv, index, &written);
	if (e != ERR_NV_ABSENT)
		return e;
	struct tpm_nv_public public;
	nv_tpm_public(nv, index, &public);
	e = tpm_nv_define(nv->tpm, owner, &public);
	return tpm_refused_with(nv->tpm, e, TPM_RC_NV_SPACE) ? ERR_NV_FULL : e;
}

static enum err define_all(struct nv_tpm *nv, const struct tpm_auth_value *owner)
{
	for (u32 i = 0; i < NV_INDEXES; i++) {
		enum err e = define(nv, (enum nv_index)i, owner);
		if (e)
			return e;
	}
	return OK;
}

static enum err write_first(struct nv_tpm *nv, const struct boot_state *first)
{
	struct nv_view view;
	enum err e = nv_read_view(&nv->store, &view);
	if (e)
		return e;
	return view.status == NV_UNPROVISIONED ? nv_initialise(&nv->store, &view, first) : OK;
}

enum err provision(struct nv_tpm *nv, const struct provision_request *request)
{
	struct ownership o;
	if (!request->owner.size || !request->lockout.size)
		return ERR_ARGUMENT;
	if (!nv->store.writable)
		return ERR_NV_POLICY;
	enum err e = look_at_ownership(nv->tpm, &o);
	/* Another owner is found out before anything is changed. */
	if (!e && o.owner_set)
		e = own(nv->tpm, TPM_RH_OWNER, true, &request->owner);
	if (!e)
		e = define_all(nv, o.owner_set ? &request->owner : &empty);
	if (!e)
		e = write_first(nv, &request->first);
	if (!e && !o.owner_set)
		e = own(nv->tpm, TPM_RH_OWNER, false, &request->owner);
	/* Last, because a wrong lockout value costs the TPM's lockout a day (TPM2_DictionaryAttackLockReset). */
	if (!e)
		e = own(nv->tpm, TPM_RH_LOCKOUT, o.lockout_set, &request->lockout);
	return e;
}
