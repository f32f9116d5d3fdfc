/*
 * Reading the hand-off tree: first its form, by the tables of handoff_rules.c, then what it claims.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/handoff_rules.h"

#include <string.h>

enum { UART_CLOCK = 115200, BYTES_PER_PIXEL = 4, SPANS_MAX = COMPONENT_KIND_END + 2 };

/* No processor has more physical address bits. */
#define ADDRESS_END (1ull << 52)

static bool span_valid(const struct memory_range *s)
{
	return s->length && s->base <= ADDRESS_END && s->length <= ADDRESS_END - s->base;
}

/* Both valid. */
static bool spans_touch(const struct memory_range *a, const struct memory_range *b)
{
	return a->base < b->base + b->length && b->base < a->base + a->length;
}

static bool map_valid(const struct boot_info *info)
{
	u64 end = 0;

	for (u32 i = 0; i < info->map.count; i++) {
		const struct memory_entry *e = &info->map.entry[i];
		struct memory_range s = { e->base, e->length };

		if (!span_valid(&s) || e->base < end || !is_aligned(e->base | e->length, PAGE_SIZE))
			return false;
		if (e->type < MEMORY_RAM || e->type > MEMORY_STAGE || e->zero)
			return false;
		end = e->base + e->length;
	}
	return info->map.count != 0;
}

static bool component_valid(const struct boot_component *c)
{
	return c->content.length && c->memory_length >= c->content.length && c->memory_length <= COMPONENT_MEMORY_MAX &&
	        is_aligned(c->content.base, PAGE_SIZE);
}

/* All that the stage left for us, as it lies in memory; false when something of it cannot be. */
static bool list_spans(
        const struct boot_info *info, const struct memory_range *tree, struct memory_range *out, u32 *count)
{
	*count = 0;
	out[(*count)++] = *tree;
	if (info->event_log.length)
		out[(*count)++] = info->event_log;
	for (u32 kind = COMPONENT_HYPERVISOR; kind < COMPONENT_KIND_END; kind++) {
		const struct boot_component *c = &info->component[kind];

		if (!c->content.length && kind != COMPONENT_HYPERVISOR)
			continue;
		if (!component_valid(c))
			return false;
		out[(*count)++] = (struct memory_range){ c->content.base, c->memory_length };
	}
	return true;
}

static bool spans_apart_in_stage_memory(const struct boot_info *info, const struct memory_range *spans, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		if (!span_valid(&spans[i]) ||
		        memory_map_type(&info->map, spans[i].base, spans[i].length) != MEMORY_STAGE)
			return false;
		for (u32 j = 0; j < i; j++) {
			if (spans_touch(&spans[i], &spans[j]))
				return false;
		}
	}
	return true;
}

/* Pixels drawn there must not land in memory that is somebody's. */
static bool framebuffer_valid(const struct boot_info *info)
{
	const struct memory_range *f = &info->framebuffer;

	if (!f->base && !f->length)
		return !info->width && !info->height && !info->stride;
	if (!span_valid(f) || !info->width || !info->height || info->stride / BYTES_PER_PIXEL < info->width ||
	        f->length / info->stride < info->height)
		return false;
	for (u32 i = 0; i < info->map.count; i++) {
		const struct memory_entry *e = &info->map.entry[i];

		if (e->type != MEMORY_RESERVED && spans_touch(f, &(struct memory_range){ e->base, e->length }))
			return false;
	}
	return true;
}

static bool console_valid(const struct boot_info *info)
{
	if (!info->console_port || !info->console_baud)
		return !info->console_port && !info->console_baud;
	return UART_CLOCK % info->console_baud == 0;
}

static bool claims_valid(const struct boot_info *info, const struct memory_range *tree)
{
	struct memory_range spans[SPANS_MAX];
	u32 count;

	return map_valid(info) && list_spans(info, tree, spans, &count) &&
	        spans_apart_in_stage_memory(info, spans, count) && framebuffer_valid(info) && console_valid(info) &&
	        info->rsdp < ADDRESS_END;
}

enum err boot_info_read(struct boot_info *info, const void *tree, u64 length, u64 at)
{
	memset(info, 0, sizeof(*info));
	info->map = (struct memory_map){ .entry = info->entries, .room = MAP_ROOM };
	if (length > HANDOFF_LENGTH_MAX || !fdt_read(info, tree, length, &handoff_rule))
		return ERR_BOOT_HANDOFF;
	return claims_valid(info, &(struct memory_range){ at, length }) ? OK : ERR_BOOT_HANDOFF;
}
