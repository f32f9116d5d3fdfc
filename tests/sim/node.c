/*
 * The simulated node and its operator.
 * Trust: test code.
 */
#include "tests/sim/node.h"

#include "update/reuse.h"

#include <string.h>

enum { ROUNDS_MAX = 10 };

void node_init(struct node *n)
{
	memset(n, 0, sizeof(*n));
	n->nv.power = &n->power;
	n->flash.power = &n->power;
	n->nv.writable = true;
	power_on(&n->power, 0, TEAR_BEFORE);
}

void node_power(struct node *n, u32 cut_at, enum tear tear)
{
	memcpy(n->flash.now, n->flash.durable, sizeof(n->flash.now));
	power_on(&n->power, cut_at, tear);
}

void node_copy(struct node *to, const struct node *from)
{
	*to = *from;
	to->nv.power = &to->power;
	to->flash.power = &to->power;
}

static void put(struct node *n, u8 slot, u64 at, const u8 *bytes, size_t size)
{
	memcpy(n->flash.now[slot] + at, bytes, size);
	memcpy(n->flash.durable[slot] + at, bytes, size);
}

void node_place(struct node *n, u8 slot, enum release r)
{
	put(n, slot, 0, release_image(r)->bytes, SLOT_SIZE);
}

void node_damage_payload(struct node *n, u8 slot)
{
	u64 at = release_image(RELEASE_OLD)->image.layout.payload_offset + 20000;
	u8 flipped = n->flash.durable[slot][at] ^ 1;

	put(n, slot, at, &flipped, 1);
	n->damaged[slot] = true;
}

void node_damage_header(struct node *n, u8 slot)
{
	static const u8 nothing[FLASH_SECTOR];

	put(n, slot, 0, nothing, sizeof(nothing));
	n->damaged[slot] = true;
}

enum err node_reread(struct node *n)
{
	struct nv_store store = fake_nv_store(&n->nv);

	return nv_read_view(&store, &n->up.view);
}

enum err node_enrol(struct node *n, const struct boot_state *first)
{
	struct nv_store store = fake_nv_store(&n->nv);

	return n->up.view.status == NV_STATE_LOST ? nv_commit(&store, &n->up.view, first)
	                                          : nv_initialise(&store, &n->up.view, first);
}

enum err node_write_state(struct node *n, const struct boot_state *next)
{
	struct nv_store store = fake_nv_store(&n->nv);

	return nv_commit(&store, &n->up.view, next);
}

/* Everything an installation into slot works on; what target points to lives here. */
struct job {
	struct node *node;
	struct image_policy policy;
	struct fake_port port;
	struct install_target target;
};

static bool on_trial(const struct node *n)
{
	const struct slot_record *r = &n->up.view.state.slot[n->up.choice.slot];

	return r->state == SLOT_TRYING && digest_equal(r->digest, n->up.image.manifest_digest, SHA384_SIZE);
}

/* What the hypervisor does on CONTROL_STAGE. */
static enum err move_slot(void *context, u8 slot, const u8 digest[SHA384_SIZE])
{
	struct node *n = ((struct job *)context)->node;
	struct boot_state next;
	enum err e = plan_stage(&n->up.view, n->up.choice.slot, on_trial(n), slot, digest, &next);

	return e ? e : node_write_state(n, &next);
}

static void job_prepare(struct job *j, struct node *n, u8 slot)
{
	j->node = n;
	j->policy = release_policy();
	j->policy.image_floor = n->up.view.image_floor;
	j->policy.key_floor = n->up.view.key_floor;
	j->target = (struct install_target){
		.keeper = { move_slot, j },
		.flash = fake_flash_ops(&n->flash, slot, &j->port),
		.slot = slot,
		.running = n->up.choice.slot,
		.policy = &j->policy,
	};
}

struct transfer_job {
	struct job job;
	const struct release_image *image;
};

static enum err fetch(void *context, u64 offset, u8 *out, size_t size)
{
	const struct transfer_job *t = context;

	enum fetch_fault fault = t->job.node->fetch_fault;

	if (!range_inside(offset, size, t->image->length) || fault == FETCH_BREAKS ||
	        (fault == FETCH_BREAKS_LATE && offset + size == t->image->length))
		return ERR_IO;
	memcpy(out, t->image->bytes + offset, size);
	if (fault == FETCH_WRONG)
		out[size - 1] ^= 1;
	return OK;
}

static enum err reuse(void *context, u64 offset, u8 *out, size_t size)
{
	const struct transfer_job *t = context;
	const struct node *n = t->job.node;
	struct fake_port port;
	struct flash_ops flash = fake_flash_ops(&t->job.node->flash, n->up.choice.slot, &port);
	const struct reuse r = { &t->image->image.manifest, &n->up.image.manifest, &flash };

	return reuse_read(&r, offset, out, size);
}

static bool proceed(void *context, const struct transfer_count *count)
{
	(void)context;
	(void)count;
	return true;
}

/* As the agent does it; what is fetched belongs to r, whatever the head says. */
static enum err transfer_under(
        struct node *n, u8 slot, enum release r, const u8 *head, u32 mark_every, struct transfer_count *count)
{
	static struct transfer transfer;
	const struct release_image *image = release_image(r);
	struct transfer_job t = { .image = image };
	const struct transfer_ops ops = { fetch, reuse, proceed, &t, mark_every };
	const struct transfer_source source = { .head = head,
		.head_length = image->image.layout.payload_offset,
		.leaves = image->leaves[0],
		.leaves_length = sizeof(image->leaves) };
	enum err e;

	job_prepare(&t.job, n, slot);
	e = transfer_run(&transfer, &t.job.target, &source, &ops);
	*count = transfer.count;
	/* Whatever was wrong with the content went with it. */
	if (!e)
		n->damaged[slot] = false;
	return e;
}

enum err node_install_head(struct node *n, u8 slot, enum release r, const u8 *head)
{
	struct transfer_count count;

	return transfer_under(n, slot, r, head, TRANSFER_MARK, &count);
}

enum err node_install(struct node *n, u8 slot, enum release r)
{
	return node_install_head(n, slot, r, release_image(r)->bytes);
}

enum err node_transfer(struct node *n, u8 slot, enum release r, struct transfer_count *count)
{
	return transfer_under(n, slot, r, release_image(r)->bytes, 1, count);
}

enum err node_begin_only(struct node *n, u8 slot, enum release r)
{
	const struct release_image *image = release_image(r);
	static struct install install;
	struct job j;

	job_prepare(&j, n, slot);
	return install_begin(&install, &j.target, image->bytes, image->image.layout.payload_offset);
}

void node_write_unordered(struct node *n, u8 slot, enum release r)
{
	struct fake_port port;
	struct flash_ops flash = fake_flash_ops(&n->flash, slot, &port);

	if (flash.write(flash.context, 0, release_image(r)->bytes, SLOT_SIZE) == OK && flash.flush(flash.context) == OK)
		n->damaged[slot] = false;
}

enum err node_healthy(struct node *n)
{
	struct boot_state next;
	enum err e = plan_healthy(&n->up.view, n->up.choice.slot, &next);

	return e ? e : node_write_state(n, &next);
}

enum err node_commit(struct node *n)
{
	const struct verified_image *image = &n->up.image;
	const struct running_image running = { image->manifest_digest, image->manifest.svn, image->keys.version };
	struct boot_state next;
	enum err e = plan_commit(&n->up.view, n->up.choice.slot, &running, running.svn, running.keys_version, &next);

	return e ? e : node_write_state(n, &next);
}

enum err node_erase(struct node *n, u8 slot)
{
	struct boot_state next = n->up.view.state;
	enum err e = slot_transition(&next.slot[slot], SLOT_ERASE, NULL, CAUSE_NONE);

	return e ? e : node_write_state(n, &next);
}

static enum err enrol_running(struct node *n)
{
	struct boot_state first = { .image_floor = n->up.view.image_floor, .key_floor = n->up.view.key_floor };
	struct slot_record *r = &first.slot[n->up.choice.slot];

	r->state = SLOT_GOOD;
	memcpy(r->digest, n->up.image.manifest_digest, SHA384_SIZE);
	return node_enrol(n, &first);
}

/* One step towards release r being GOOD and running; sets *there when it is. */
static enum err step_towards(struct node *n, enum release r, bool *there)
{
	const struct slot_record *record = &n->up.view.state.slot[n->up.choice.slot];
	bool recorded = n->up.choice.reason != REASON_UNSTAGED;
	bool wanted = release_in(n->flash.now[n->up.choice.slot]) == r;

	if (n->up.view.status != NV_PROVISIONED)
		return enrol_running(n);
	*there = wanted && recorded && record->state == SLOT_GOOD;
	if (*there)
		return OK;
	if (recorded && record->state == SLOT_TRYING)
		return node_healthy(n);
	if (wanted && recorded && record->state == SLOT_UNCONFIRMED)
		return node_commit(n);
	struct transfer_count count;
	return node_transfer(n, n->up.choice.slot ^ 1, r, &count);
}

bool node_bring_to(struct node *n, enum release r)
{
	bool there = false;

	/* If the firmware had changed, its owner has signed a policy for it by now; and the fleet server is back. */
	n->nv.writable = true;
	n->nv.refuses = false;
	n->fetch_fault = FETCH_WELL;
	for (u32 i = 0; i < ROUNDS_MAX && !there; i++) {
		node_boot(n);
		if (n->up.stopped || step_towards(n, r, &there))
			return false;
	}
	return there;
}
