/* Updates. Trust: see the header. */
#include "agent/update/update.h"

#include "update/reuse.h"

#include <string.h>
#include <time.h>

/* A clock before this was never set. */
enum { CLOCK_SET = 1700000000 };

/* All that one update works on: one at a time. */
static struct {
	struct transfer transfer;
	size_t head_length;
	struct reuse reuse;
	struct update_site site;
	u8 head[IMAGE_HEAD_MAX];
	u8 leaves[LEAVES_MAX * SHA384_SIZE];
} w;

/* The hypervisor keeps the slots' records. */
static enum err move_slot(void *context, u8 slot, const u8 digest[SHA384_SIZE])
{
	struct control_stage order = { .slot = slot, .svn = w.site.wanted.manifest.svn };

	memcpy(order.digest, digest, SHA384_SIZE);
	return node_get(context, CONTROL_STAGE, &order, sizeof(order), NULL, 0);
}

static enum err fetch(void *context, u64 offset, u8 *out, size_t n)
{
	const struct update_source *s = ((const struct update *)context)->source;

	return s->bytes(s->context, offset, out, n);
}

static enum err reuse(void *context, u64 offset, u8 *out, size_t n)
{
	(void)context;
	return reuse_read(&w.reuse, offset, out, n);
}

static bool proceed(void *context, const struct transfer_count *count)
{
	struct update *u = context;

	u->count = *count;
	return u->watch->proceed(u->watch->context, UPDATE_TRANSFERRING, count);
}

/* The header says how long the head is; it is believed as far as IMAGE_HEAD_MAX. */
static enum err read_head(struct update *u)
{
	struct image_layout l;
	enum err e = fetch(u, 0, w.head, IMAGE_HEADER_SIZE);

	if (!e)
		e = image_layout_read(w.head, IMAGE_HEADER_SIZE, w.site.to.ops.length, &l);
	if (!e && l.payload_offset > sizeof(w.head))
		e = ERR_IMAGE_HEADER;
	if (e)
		return e;
	w.head_length = (size_t)l.payload_offset;
	return fetch(u, IMAGE_HEADER_SIZE, w.head + IMAGE_HEADER_SIZE, w.head_length - IMAGE_HEADER_SIZE);
}

static enum err judge(struct update *u)
{
	const struct manifest *m = &w.site.wanted.manifest;
	enum err e = read_head(u);

	if (!e)
		e = site_judge(&w.site, w.head, w.head_length, u->now);
	if (e)
		return e;
	if (u->manifest && !digest_equal(u->manifest, w.site.wanted.manifest_digest, SHA384_SIZE))
		return ERR_UPDATE_SOURCE;
	memcpy(u->release, m->release, sizeof(u->release));
	u->svn = m->svn;
	return m->leaf_count <= LEAVES_MAX
	        ? u->source->leaves(u->source->context, w.leaves, (size_t)m->leaf_count * SHA384_SIZE)
	        : ERR_RANGE;
}

static enum err install(struct update *u)
{
	const struct install_target target = { .keeper = { move_slot, u->node },
		.flash = w.site.to.ops,
		.slot = w.site.target,
		.running = w.site.running,
		.policy = &w.site.policy };
	const struct transfer_source source = { .head = w.head,
		.head_length = w.head_length,
		.leaves = w.leaves,
		.leaves_length = (size_t)w.site.wanted.manifest.leaf_count * SHA384_SIZE };
	const struct transfer_ops ops = { fetch, reuse, proceed, u, TRANSFER_MARK };
	enum err e;

	w.reuse = (struct reuse){ &w.site.wanted.manifest, &w.site.image, &w.site.from.ops };
	e = transfer_run(&w.transfer, &target, &source, &ops);
	u->count = w.transfer.count;
	return e;
}

u64 update_clock(void)
{
	time_t t = time(NULL);

	return t > CLOCK_SET ? (u64)t : 0;
}

enum err update_run(struct update *u, const char *parts)
{
	enum err e = site_open(&w.site, u->node, parts);

	if (e)
		return e;
	u->count = (struct transfer_count){ .leaves = 0 };
	if (!u->watch->proceed(u->watch->context, UPDATE_JUDGING, &u->count))
		e = ERR_UPDATE_CANCELLED;
	if (!e)
		e = judge(u);
	if (!e)
		e = install(u);
	site_close(&w.site);
	if (!e)
		(void)u->watch->proceed(u->watch->context, UPDATE_STAGED, &u->count);
	return e;
}
