/*
 * The boot path of the simulated node: NV view, heads, order, content, plan, commit, as the stage goes it, but for
 * measuring and the jump.
 * Trust: test code around the product's decisions.
 */
#include "tests/sim/check.h"
#include "tests/sim/coverage.h"

#include <string.h>

struct boot {
	struct node *node;
	struct nv_store store;
	struct nv_view view;
	struct image_policy policy;
	struct verified_image image[SLOTS];
	enum err found[SLOTS];
};

static void read_head(struct boot *b, u8 slot)
{
	const u8 *bytes = b->node->flash.now[slot];
	struct image_layout layout;
	enum err e = image_layout_read(bytes, SLOT_SIZE, SLOT_SIZE, &layout);

	if (!e)
		e = image_verify_head(bytes, layout.payload_offset, SLOT_SIZE, b->policy.anchor, NULL, &b->image[slot]);
	b->found[slot] = e ? e : image_judge(&b->image[slot], &b->policy);
}

static enum err check_content(const struct boot *b, u8 slot)
{
	const struct manifest *m = &b->image[slot].manifest;

	for (u32 i = 0; i < m->component_count; i++) {
		const u8 *content = b->node->flash.now[slot] + m->components[i].offset;
		enum err e = image_verify_component(&m->components[i], content);

		if (e)
			return e;
	}
	return OK;
}

static u32 choose(const struct boot *b, struct slot_facts facts[SLOTS], struct boot_choice choices[SLOTS])
{
	for (u8 i = 0; i < SLOTS; i++)
		facts[i] = slot_facts_of(&b->view, i, b->found[i] == OK ? &b->image[i] : NULL);
	return boot_order(b->view.status, b->view.writable, facts, choices);
}

/* Counts the try; where that cannot be done, the caller decides again without the right to write. */
static enum err settle(struct boot *b, const struct slot_facts facts[SLOTS], const struct boot_choice *choice)
{
	struct boot_state next;
	bool changed;
	enum err e = boot_plan(&b->view, facts, b->found, choice, &next, &changed);

	return e || !changed ? e : nv_commit(&b->store, &b->view, &next);
}

static enum err choose_and_settle(struct boot *b, struct boot_choice *out)
{
	struct slot_facts facts[SLOTS];
	struct boot_choice choices[SLOTS];

	while (choose(b, facts, choices) > 0) {
		*out = choices[0];
		b->found[out->slot] = check_content(b, out->slot);
		if (b->found[out->slot])
			continue;
		if (settle(b, facts, out) == OK)
			return OK;
		if (!b->view.writable)
			return ERR_INTERNAL;
		b->view.writable = false;
	}
	return ERR_BOOT_NO_SLOT;
}

static enum err boot(struct boot *b, struct boot_choice *choice)
{
	enum err e = nv_read_view(&b->store, &b->view);

	if (e)
		return e;
	b->policy = release_policy();
	b->policy.floor_known = b->view.status != NV_UNPROVISIONED;
	b->policy.image_floor = b->view.image_floor;
	b->policy.key_floor = b->view.key_floor;
	for (u8 i = 0; i < SLOTS; i++)
		read_head(b, i);
	return choose_and_settle(b, choice);
}

void node_boot(struct node *n)
{
	static struct boot b;
	u32 flash_writes = n->flash.writes;

	memcpy(n->flash.now, n->flash.durable, sizeof(n->flash.now));
	check_records(n);
	b.node = n;
	b.store = fake_nv_store(&n->nv);
	n->up.stopped = boot(&b, &n->up.choice);
	n->up.view = b.view;
	if (n->up.stopped == OK)
		n->up.image = b.image[n->up.choice.slot];
	coverage_boot(&n->up);
	check_boot(n, flash_writes);
}
