/*
 * Writing an image into a slot, ordered for power cuts.
 * Trust: outside the TCB.
 */
#include "update/install.h"

#include "image/content.h"

#include <string.h>

static enum err flash_write(struct install *i, u64 offset, const u8 *bytes, size_t n)
{
	i->written += n;
	return i->target.flash.write(i->target.flash.context, offset, bytes, n);
}

static enum err flash_read(struct install *i, u64 offset, size_t n)
{
	return i->target.flash.read(i->target.flash.context, offset, i->buffer, n);
}

static enum err flash_flush(struct install *i)
{
	return i->target.flash.flush(i->target.flash.context);
}

static size_t at_most(u64 left, size_t most)
{
	return left < most ? (size_t)left : most;
}

static enum err move_slot(struct install *i, const u8 digest[SHA384_SIZE])
{
	const struct slot_keeper *keeper = &i->target.keeper;

	return keeper->move(keeper->context, i->target.slot, digest);
}

static enum err check_head(struct install *i, size_t n)
{
	const struct install_target *t = &i->target;
	enum err e = image_verify_head(i->head, n, t->flash.length, t->policy->anchor, NULL, &i->image);

	return e ? e : image_judge(&i->image, t->policy);
}

/* Flushed before anything else is written: no order of later writes can leave the old header over new content. */
static enum err destroy_header(struct install *i)
{
	enum err e;

	memset(i->buffer, 0, FLASH_SECTOR);
	e = flash_write(i, 0, i->buffer, FLASH_SECTOR);
	return e ? e : flash_flush(i);
}

enum err install_head(struct install *i)
{
	enum err e = destroy_header(i);

	return e ? e
	         : flash_write(i, FLASH_SECTOR, i->head + FLASH_SECTOR, i->image.layout.payload_offset - FLASH_SECTOR);
}

enum err install_begin(struct install *i, const struct install_target *target, const u8 *head, size_t n)
{
	static const u8 writing[SHA384_SIZE];
	enum err e;

	if (target->slot >= SLOTS || target->running >= SLOTS || target->slot == target->running)
		return ERR_ARGUMENT;
	i->target = *target;
	i->head = head;
	i->written = 0;
	e = check_head(i, n);
	if (!e)
		e = move_slot(i, writing);
	return e ? e : install_head(i);
}

enum err install_write(struct install *i, u64 offset, const u8 *bytes, size_t n)
{
	const struct image_layout *l = &i->image.layout;

	if (!range_inside(offset, n, l->payload_length) || !is_aligned(offset, FLASH_SECTOR) ||
	        !is_aligned(n, FLASH_SECTOR))
		return ERR_RANGE;
	return flash_write(i, l->payload_offset + offset, bytes, n);
}

/* What stands on flash in [from, to) is the head that was verified. */
static enum err compare_head(struct install *i, u64 from, u64 to)
{
	while (from < to) {
		size_t n = at_most(to - from, sizeof(i->buffer));
		enum err e = flash_read(i, from, n);

		if (e)
			return e;
		if (memcmp(i->buffer, i->head + from, n) != 0)
			return ERR_IMAGE_CONTENT;
		from += n;
	}
	return OK;
}

/*
 * No root of leaves is made again: each was compared with its signed digest before it was written, and one that is not
 * there all the same leaves no component with its own.
 */
static enum err verify_payload(struct install *i)
{
	const struct image_layout *l = &i->image.layout;
	struct content_check check;
	enum err e = OK;

	content_check_begin(&check, &i->image.manifest, l->payload_offset, true);
	while (!e && check.at < l->image_length) {
		size_t n = at_most(l->image_length - check.at, sizeof(i->buffer));

		e = flash_read(i, check.at, n);
		for (size_t at = 0; !e && at < n; at += LEAF_SIZE)
			e = content_check_leaf(&check, i->buffer + at, at_most(n - at, LEAF_SIZE));
	}
	return e ? e : content_check_end(&check);
}

/* Only now can the slot boot; only after the read-back is it said to. */
static enum err write_header(struct install *i)
{
	enum err e = flash_write(i, 0, i->head, FLASH_SECTOR);

	if (!e)
		e = flash_flush(i);
	return e ? e : compare_head(i, 0, FLASH_SECTOR);
}

enum err install_finish(struct install *i)
{
	enum err e = flash_flush(i);

	if (!e)
		e = compare_head(i, FLASH_SECTOR, i->image.layout.payload_offset);
	if (!e)
		e = verify_payload(i);
	if (!e)
		e = write_header(i);
	return e ? e : move_slot(i, i->image.manifest_digest);
}
