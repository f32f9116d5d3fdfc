/*
 * The slots' state as root mode keeps it: what the TPM holds, and a copy to look at.
 * Trust: in the TCB.
 */
#include "hv/node/slots.h"

#include "attest/verdict.h"
#include "hv/boot/panic.h"
#include "hv/dev/lapic.h"
#include "hv/node/node.h"
#include "hv/node/state.h"
#include "hv/node/tpm.h"
#include "hv/sched/dispatch.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "lib/bytes.h"
#include "lib/print.h"
#include "update/plan.h"

#include <string.h>

struct node_state node_state;

/* Of what stands on flash; the stage has said why where it is not usable. */
static const struct authority *find_authority(const struct boot_authority *a)
{
	return authority_parse(a->bytes, a->length, &node_state.authority) ? NULL : &node_state.authority;
}

enum err state_read(const struct authority *authority)
{
	struct node_state *s = &node_state;
	struct nv_view found;
	enum err e = nv_tpm_init(&s->nv, node_tpm(), s->boot->policy_key, authority);

	if (!e)
		e = nv_read_view(&s->nv.store, &found);
	if (e)
		return e;
	hv_lock();
	s->view = found;
	hv_unlock();
	return OK;
}

static struct slot_record *running(void)
{
	return &node_state.view.state.slot[node_state.boot->slot];
}

/* The record speaks of what runs: of an unstaged image it does not. */
static bool is_on_trial(void)
{
	return running()->state == SLOT_TRYING &&
	        digest_equal(running()->digest, node_state.boot->manifest_digest, SHA384_SIZE);
}

/* The stage counts the try, and takes the other slot after the last one. */
void state_end_trial(void)
{
	restart("trial: this release was not found well in time");
}

enum err slots_start(const struct boot_info *info)
{
	enum err e;

	node_state.boot = info;
	node_state.stagings = 0;
	e = state_read(find_authority(&info->authority));
	/* Nothing is won by ending a last resort. */
	if (!e && is_on_trial() && info->reason == REASON_TRIAL) {
		node_state.deadline = read_time_stamp() + clock_ticks(TRIAL_SECONDS * 1000000ull);
		dispatch_alarm(ALARM_TRIAL, node_state.deadline, state_end_trial);
		say("node: on trial: %u minutes to be found well", TRIAL_SECONDS / 60);
	}
	return e;
}

bool slots_provisioned(void)
{
	return node_state.view.status == NV_PROVISIONED;
}

const u8 *state_node_id(void)
{
	static const u8 none[NODE_ID_SIZE];

	return slots_provisioned() && node_state.nv.authority ? node_state.authority.node_id : none;
}

void state_saw_epoch(u32 epoch)
{
	if (epoch > node_state.epoch)
		node_state.epoch = epoch;
}

void slots_report(struct control_slots *out)
{
	const struct boot_info *boot = node_state.boot;

	*out = (struct control_slots){ .running = boot->slot,
		.floors_known = node_state.view.status != NV_UNPROVISIONED,
		.image_floor = node_state.view.image_floor,
		.key_floor = node_state.view.key_floor };
	for (u32 i = 0; i < SLOTS; i++) {
		const struct slot_record *r = &node_state.view.state.slot[i];

		out->slot[i] = (struct control_slot){ .state = r->state, .tries = r->tries, .cause = r->cause };
		memcpy(out->slot[i].digest, r->digest, SHA384_SIZE);
	}
	out->slot[boot->slot].svn = boot->svn;
}

/* nv_commit works on a copy, so that nobody sees the view half made while the TPM is waited for. */
static enum err commit(const struct boot_state *next)
{
	struct nv_view found = node_state.view;
	enum err e = nv_commit(&node_state.nv.store, &found, next);

	hv_lock();
	node_state.view = found;
	hv_unlock();
	return e;
}

enum err slots_stage(const struct control_stage *order)
{
	struct boot_state next;
	u8 slot = order->slot < SLOTS ? (u8)order->slot : SLOT_NONE;
	enum err e = plan_stage(&node_state.view, (u8)node_state.boot->slot, is_on_trial(), slot, order->digest, &next);

	if (e)
		return e;
	if (node_state.stagings == STAGINGS_MAX)
		return ERR_CONTROL_BUSY;
	node_state.stagings++;
	return commit(&next);
}

enum err slots_healthy(void)
{
	struct boot_state next;
	enum err e =
	        is_on_trial() ? plan_healthy(&node_state.view, (u8)node_state.boot->slot, &next) : ERR_STATE_TRANSITION;

	if (!e)
		e = commit(&next);
	if (e)
		return e;
	hv_lock();
	node_state.deadline = 0;
	dispatch_alarm(ALARM_TRIAL, LAPIC_NEVER, state_end_trial);
	hv_unlock();
	say("node: this release was found well");
	return OK;
}

static enum err judge(const struct commit_verdict *v)
{
	struct verdict_context c = { .slot = node_state.boot->slot, .epoch = node_state.epoch };

	memcpy(c.node, state_node_id(), sizeof(c.node));
	memcpy(c.session, node_state.session, sizeof(c.session));
	memcpy(c.manifest, node_state.boot->manifest_digest, sizeof(c.manifest));
	return verdict_judge(v, &c);
}

enum err slots_commit(const u8 *bytes, size_t n)
{
	const struct boot_info *boot = node_state.boot;
	const struct running_image running = { boot->manifest_digest, boot->svn, boot->keys_version };
	struct commit_verdict v;
	struct boot_state next;
	enum err e = verdict_open(bytes, n, node_fleet()->ca_key, &v);

	if (!e)
		e = judge(&v);
	if (!e)
		e = plan_commit(&node_state.view, (u8)boot->slot, &running, v.image_floor, v.key_floor, &next);
	if (!e)
		e = commit(&next);
	if (e)
		return e;
	hv_lock();
	state_saw_epoch(v.leaf.epoch);
	hv_unlock();
	say("node: this release is committed, minimum SVN %lu", node_state.view.image_floor);
	return OK;
}
