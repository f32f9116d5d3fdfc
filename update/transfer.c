/*
 * Installations from afar.
 * Trust: outside the TCB; pure over its ops.
 */
#include "update/transfer.h"

#include "image/merkle.h"

#include <string.h>

static const struct image_layout *layout(const struct transfer *t)
{
	return &t->install.image.layout;
}

/* Bytes of leaf i; only the last is shorter than the others. */
static size_t leaf_length(const struct transfer *t, u64 i)
{
	u64 left = layout(t)->payload_length - i * LEAF_SIZE;

	return left < LEAF_SIZE ? (size_t)left : LEAF_SIZE;
}

static const u8 *signed_digest_of(const struct transfer *t, u64 i)
{
	return t->source->leaves + i * SHA384_SIZE;
}

static bool leaf_is_signed(const struct transfer *t, u64 i, const u8 *bytes)
{
	u8 digest[SHA384_SIZE];

	merkle_leaf(bytes, leaf_length(t, i), digest);
	return digest_equal(digest, signed_digest_of(t, i), SHA384_SIZE);
}

/* What is not the signed leaf is no fault of the new image. */
static bool take_from_running(struct transfer *t, u64 i)
{
	return t->ops->reuse(t->ops->context, layout(t)->payload_offset + i * LEAF_SIZE, t->leaf, leaf_length(t, i)) ==
	        OK &&
	        leaf_is_signed(t, i, t->leaf);
}

static enum err write_leaf(struct transfer *t, u64 i, const u8 *bytes)
{
	return install_write(&t->install, i * LEAF_SIZE, bytes, leaf_length(t, i));
}

/* Leaves [from, to). */
static enum err fetch_leaves(struct transfer *t, u64 from, u64 to)
{
	size_t n = (size_t)(to - from - 1) * LEAF_SIZE + leaf_length(t, to - 1);
	enum err e = t->ops->fetch(t->ops->context, layout(t)->payload_offset + from * LEAF_SIZE, t->batch, n);

	for (u64 i = from; !e && i < to; i++) {
		const u8 *leaf = t->batch + (i - from) * LEAF_SIZE;

		e = leaf_is_signed(t, i, leaf) ? write_leaf(t, i, leaf) : ERR_UPDATE_SOURCE;
	}
	if (!e)
		t->count.fetched += n;
	return e;
}

/* Where compressed content changed, so has all that follows: looking at each leaf would cost a hash for nothing. */
static bool may_be_there(const struct transfer *t, u64 i)
{
	return t->misses < TRANSFER_MISSES || i % TRANSFER_PROBE == 0;
}

/* Fetches what the running slot lacks, a batch at most, and takes the leaf after it, which that has. */
static enum err move_on(struct transfer *t)
{
	u64 from = t->count.leaves, at = from;
	bool found = false;
	enum err e = OK;

	while (!found && at < t->count.total && at - from < TRANSFER_BATCH) {
		found = may_be_there(t, at) && take_from_running(t, at);
		t->misses = found ? 0 : t->misses + 1;
		at += !found;
	}
	if (at > from)
		e = fetch_leaves(t, from, at);
	if (!e && found)
		e = write_leaf(t, at, t->leaf);
	if (!e) {
		t->count.leaves = at + found;
		t->count.reused += found;
	}
	t->count.written = t->install.written;
	return e;
}

/* Only what is flushed may be marked. */
static enum err mark(struct transfer *t)
{
	const struct flash_ops *flash = &t->install.target.flash;
	struct transfer_mark m = { .leaves = t->count.leaves };
	enum err e = flash->flush(flash->context);

	memcpy(m.manifest, t->install.image.manifest_digest, SHA384_SIZE);
	mark_encode(&m, t->leaf);
	if (!e)
		e = flash->write(flash->context, 0, t->leaf, FLASH_SECTOR);
	if (!e)
		t->install.written += FLASH_SECTOR;
	return e;
}

/* Leaves that an earlier transfer of this image says it wrote. */
static u64 marked_leaves(struct transfer *t, const struct install_target *target)
{
	const struct flash_ops *flash = &target->flash;
	struct transfer_mark m;

	if (flash->read(flash->context, 0, t->leaf, FLASH_SECTOR) || mark_decode(t->leaf, &m) ||
	        m.leaves > t->count.total || !digest_equal(m.manifest, t->install.image.manifest_digest, SHA384_SIZE))
		return 0;
	return m.leaves;
}

static enum err transfer_payload(struct transfer *t)
{
	u64 marked = t->count.leaves;
	enum err e = OK;

	while (!e && t->count.leaves < t->count.total) {
		e = move_on(t);
		if (!e && t->count.leaves - marked >= t->ops->mark_every) {
			marked = t->count.leaves;
			e = mark(t);
		}
		if (!e && !t->ops->proceed(t->ops->context, &t->count))
			e = ERR_UPDATE_CANCELLED;
	}
	return e;
}

static enum err repair_leaf(struct transfer *t, u64 i)
{
	const struct flash_ops *flash = &t->install.target.flash;
	u64 at = layout(t)->payload_offset + i * LEAF_SIZE;
	enum err e = flash->read(flash->context, at, t->batch, leaf_length(t, i));

	if (!e && leaf_is_signed(t, i, t->batch))
		return OK;
	t->count.repaired++;
	return take_from_running(t, i) ? write_leaf(t, i, t->leaf) : fetch_leaves(t, i, i + 1);
}

/* What the mark promised, or a worn stick swallowed, and is not there. */
static enum err repair(struct transfer *t)
{
	enum err e = install_head(&t->install);

	for (u64 i = 0; !e && i < t->count.total; i++)
		e = repair_leaf(t, i);
	t->count.written = t->install.written;
	return e;
}

static enum err finish(struct transfer *t)
{
	enum err e = install_finish(&t->install);

	for (u32 i = 0; i < TRANSFER_REPAIRS && e == ERR_IMAGE_CONTENT; i++) {
		e = repair(t);
		if (!e)
			e = install_finish(&t->install);
	}
	t->count.written = t->install.written;
	return e;
}

/* The head is judged once more by install_begin; here it only says what the list of leaves must lead to. */
static enum err check_leaves(struct transfer *t, const struct install_target *target)
{
	const struct transfer_source *s = t->source;
	struct verified_image *image = &t->install.image;
	enum err e =
	        image_verify_head(s->head, s->head_length, target->flash.length, target->policy->anchor, NULL, image);

	if (!e)
		e = leaves_verify(s->leaves, s->leaves_length, &image->manifest);
	if (!e)
		t->count.total = image->manifest.leaf_count;
	return e;
}

enum err transfer_run(struct transfer *t, const struct install_target *target, const struct transfer_source *source,
        const struct transfer_ops *ops)
{
	enum err e;

	t->source = source;
	t->ops = ops;
	t->count = (struct transfer_count){ .leaves = 0 };
	t->misses = 0;
	e = check_leaves(t, target);
	if (e)
		return e;
	/* Before the mark is overwritten, and put back right after. */
	t->count.leaves = t->count.resumed = marked_leaves(t, target);
	e = install_begin(&t->install, target, source->head, source->head_length);
	if (!e && t->count.resumed)
		e = mark(t);
	if (!e)
		e = transfer_payload(t);
	return e ? e : finish(t);
}
