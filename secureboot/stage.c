/*
 * The stage's course. Its order is its security: state, then heads, then one slot whole, then the try is counted, then
 * everything is measured, and only then is anything run.
 * Trust: in the TCB; pure.
 */
#include "secureboot/stage.h"

#include "secureboot/handoff.h"
#include "secureboot/measure.h"
#include "secureboot/slot.h"
#include "secureboot/version.h"

#include "lib/print.h"
#include "update/plan.h"

#include <string.h>

/* All that is too large for a stack; lives in memory of the platform. */
struct stage {
	const struct platform *platform;
	const struct anchor *anchor;
	const struct nv_store *store;
	struct nv_view nv;
	struct slot slot[SLOTS];
	struct boot_choice choice;
	struct memory_entry map[MEMORY_MAP_MAX];
	u8 head[IMAGE_HEAD_MAX];
};

static char slot_letter(u32 slot)
{
	return slot == SLOT_A ? 'a' : 'b';
}

static void say_state(const struct stage *s)
{
	switch (s->nv.status) {
	case NV_UNPROVISIONED:
		say("not provisioned: no boot state in the TPM, starting the newest valid slot");
		break;
	case NV_STATE_LOST:
		say("boot state lost: both records are unreadable, starting the newest valid slot, no trials");
		break;
	case NV_PROVISIONED:
		say("boot state %llu, minimum svn %llu, minimum key version %llu%s",
		        (unsigned long long)s->nv.state.sequence, (unsigned long long)s->nv.image_floor,
		        (unsigned long long)s->nv.key_floor, s->nv.writable ? "" : ", read-only: no trials");
		break;
	}
}

static void say_slot(u32 i, const struct slot *slot)
{
	const struct manifest *m = &slot->image.manifest;

	if (slot->found == OK)
		say("slot %c: release %s svn %u: good", slot_letter(i), m->release, m->svn);
	else if (slot->verified)
		say("slot %c: refused %u: %s (release %s svn %u)", slot_letter(i), (u32)slot->found,
		        err_text(slot->found), m->release, m->svn);
	else
		say("slot %c: refused %u: %s", slot_letter(i), (u32)slot->found, err_text(slot->found));
}

/* A person at the console learns here why the newer release does not run, and need not ask the TPM. */
static void say_failures(const struct stage *s)
{
	for (u32 i = 0; s->nv.status == NV_PROVISIONED && i < SLOTS; i++) {
		const struct slot_record *r = &s->nv.state.slot[i];

		if (r->state == SLOT_BAD)
			say("slot %c: bad: %s", slot_letter(i), slot_cause_text(r->cause));
	}
}

static void examine(struct stage *s)
{
	const struct image_policy policy = {
		.anchor = &s->anchor->keys,
		.key_floor = s->nv.key_floor,
		.floor_known = s->nv.status != NV_UNPROVISIONED,
		.image_floor = s->nv.image_floor,
		.stage_version = STAGE_VERSION,
		.allowed_flags = s->anchor->flags,
		.hardware_class = s->anchor->hardware_class,
	};

	for (u32 i = 0; i < SLOTS; i++) {
		s->slot[i].loaded = s->platform->loaded.slot[i];
		slot_examine(&s->slot[i], s->head, &policy);
		say_slot(i, &s->slot[i]);
	}
}

static void gather(const struct stage *s, struct slot_facts facts[SLOTS], enum err found[SLOTS])
{
	for (u8 i = 0; i < SLOTS; i++) {
		const struct slot *slot = &s->slot[i];

		found[i] = slot->found;
		facts[i] = slot_facts_of(&s->nv, i, slot->found == OK ? &slot->image : NULL);
	}
}

/* Only one slot is in memory at a time: their components may ask for the same addresses. */
static enum err place(struct stage *s, u8 chosen)
{
	struct slot *other = &s->slot[chosen == SLOT_A ? SLOT_B : SLOT_A];

	if (s->slot[chosen].placed)
		return OK;
	slot_release(other, s->platform);
	return slot_place(&s->slot[chosen], s->platform);
}

/*
 * Writes what this boot means for the boot state. A try that cannot be counted must not be started: then the state is
 * taken as read-only, under which there is no trial.
 */
static enum err count_try(
        struct stage *s, const struct slot_facts facts[SLOTS], const enum err found[SLOTS], bool *again)
{
	struct boot_state next;
	bool changed;
	enum err e = boot_plan(&s->nv, facts, found, &s->choice, &next, &changed);

	*again = false;
	if (e || !changed)
		return e;
	e = nv_commit(s->store, &s->nv, &next);
	if (!e)
		return OK;
	say("boot state not written: %u: %s", (u32)e, err_text(e));
	s->nv.writable = false;
	*again = true;
	return OK;
}

/* One attempt at the best slot left; *again when it has to be decided anew. */
static enum err attempt(struct stage *s, bool *again)
{
	struct slot_facts facts[SLOTS];
	struct boot_choice order[SLOTS];
	enum err found[SLOTS];
	struct slot *slot;

	gather(s, facts, found);
	if (boot_order(s->nv.status, s->nv.writable, facts, order) == 0)
		return ERR_BOOT_NO_SLOT;
	s->choice = order[0];
	slot = &s->slot[s->choice.slot];
	slot->found = place(s, s->choice.slot);
	if (slot->found != OK) {
		say_slot(s->choice.slot, slot);
		*again = true;
		return OK;
	}
	return count_try(s, facts, found, again);
}

/* Ends: every round but the last rules out a slot or makes the state read-only, and neither is ever undone. */
static enum err choose(struct stage *s)
{
	bool again = true;
	enum err e = OK;

	while (!e && again)
		e = attempt(s, &again);
	return e;
}

static enum err measure(struct stage *s)
{
	const struct slot *slot = &s->slot[s->choice.slot];
	enum err e = measure_image(s->platform, s->anchor, slot);

	return e ? e : measure_decisions(s->platform, &s->nv, &s->choice, &slot->image);
}

/* After finish only the serial line can tell of an error, so everything that may fail for a reason comes before. */
static enum err hand_off(struct stage *s, struct stage_result *out)
{
	const struct slot *slot = &s->slot[s->choice.slot];
	struct handoff h = {
		.platform = s->platform,
		.nv = &s->nv,
		.policy_key = key_set_policy_key(&s->anchor->keys),
		.choice = &s->choice,
		.image = &slot->image,
		.component = slot->component,
		.map = s->map,
		.serial_port = s->anchor->serial_port,
		.serial_baud = s->anchor->serial_baud,
	};
	u8 *tree;
	size_t length;
	enum err e = s->platform->allocate(0, HANDOFF_SIZE, IMAGE_ALIGN, &tree);

	if (e)
		return e;
	say_failures(s);
	say("starting slot %c (%s): release %s svn %u", slot_letter(s->choice.slot), boot_reason_text(s->choice.reason),
	        slot->image.manifest.release, slot->image.manifest.svn);
	e = s->platform->finish(s->map, &h.map_count, &h.log);
	if (!e)
		e = handoff_write(&h, tree, HANDOFF_SIZE, &length);
	if (e)
		return e;
	*out = (struct stage_result){
		.choice = s->choice, .nv = s->nv, .entry = slot->entry, .handoff = { .bytes = tree, .length = length }
	};
	return OK;
}

enum err stage_run(const struct platform *platform, const struct anchor *anchor, const struct nv_store *store,
        struct stage_result *out)
{
	struct stage *s;
	u8 *memory;
	enum err e = platform->allocate(0, sizeof(*s), IMAGE_ALIGN, &memory);

	if (e)
		return e;
	s = memset(memory, 0, sizeof(*s));
	s->platform = platform;
	s->anchor = anchor;
	s->store = store;
	e = nv_read_view(store, &s->nv);
	if (e)
		return e;
	say_state(s);
	examine(s);
	e = choose(s);
	if (!e)
		e = measure(s);
	return e ? e : hand_off(s, out);
}
