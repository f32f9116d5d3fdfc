/*
 * Bytes of another image out of the running slot.
 * Trust: outside the TCB; pure over the flash ops.
 */
#include "update/reuse.h"

#include <string.h>

/* The part of c that lies in [offset, offset + n), which begins at out. */
static enum err read_component(const struct reuse *r, const struct component *c, u64 offset, u8 *out, size_t n)
{
	u64 from = c->offset > offset ? c->offset : offset;
	u64 c_end = c->offset + c->length, end = offset + n;
	u64 to = c_end < end ? c_end : end;
	const struct component *have = manifest_find(r->running, c->kind);

	if (from >= to)
		return OK;
	if (!have || !range_inside(from - c->offset, to - from, have->length))
		return ERR_RANGE;
	return r->flash->read(
	        r->flash->context, have->offset + (from - c->offset), out + (from - offset), (size_t)(to - from));
}

enum err reuse_read(const struct reuse *r, u64 offset, u8 *out, size_t n)
{
	enum err e = OK;

	memset(out, 0, n);
	for (u32 i = 0; !e && i < r->wanted->component_count; i++)
		e = read_component(r, &r->wanted->components[i], offset, out, n);
	return e;
}
