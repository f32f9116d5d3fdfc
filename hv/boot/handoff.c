/*
 * Reading the hand-off tree by the tables of handoff_rules.c: first its form, then (handoff_check.c) what it claims.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/handoff.h"

#include "hv/boot/handoff_check.h"
#include "hv/boot/handoff_rules.h"

#include "lib/bytes.h"

#include <libfdt.h>
#include <string.h>

enum { MAP_ENTRY_SIZE = 24 };

static bool read_map(struct boot_info *info, const u8 *p, size_t n)
{
	if (n % MAP_ENTRY_SIZE || n / MAP_ENTRY_SIZE > MEMORY_MAP_MAX)
		return false;
	info->map.count = (u32)(n / MAP_ENTRY_SIZE);
	for (u32 i = 0; i < info->map.count; i++, p += MAP_ENTRY_SIZE)
		info->entries[i] =
		        (struct memory_entry){ load_be64(p), load_be64(p + 8), load_be32(p + 16), load_be32(p + 20) };
	return true;
}

static bool read_text(char *to, const u8 *p, size_t n)
{
	if (!n || n > HANDOFF_TEXT_SIZE || strnlen((const char *)p, n) != n - 1)
		return false;
	memcpy(to, p, n);
	return true;
}

static bool read_name(u32 *to, const struct field *f, const u8 *p, size_t n)
{
	for (*to = 0; *to < f->limit; ++*to) {
		if (strlen(f->names[*to]) + 1 == n && !memcmp(f->names[*to], p, n))
			return true;
	}
	return false;
}

static bool read_u32_up_to(u32 *to, u32 limit, const u8 *p, size_t n)
{
	if (n != 4)
		return false;
	*to = load_be32(p);
	return *to <= limit;
}

static bool read_u64s(u64 *to, u32 count, const u8 *p, size_t n)
{
	if (n != 8 * (size_t)count)
		return false;
	for (u32 i = 0; i < count; i++)
		to[i] = load_be64(p + 8 * (size_t)i);
	return true;
}

static bool read_field(struct boot_info *info, u8 *base, const struct field *f, const u8 *p, size_t n)
{
	void *to = base + f->offset;

	switch (f->kind) {
	case FIELD_U32:
		return read_u32_up_to(to, f->limit, p, n);
	case FIELD_U64:
		return read_u64s(to, 1, p, n);
	case FIELD_SPAN:
		return read_u64s(to, 2, p, n);
	case FIELD_DIGEST:
		if (n == SHA384_SIZE)
			memcpy(to, p, n);
		return n == SHA384_SIZE;
	case FIELD_TEXT:
		return read_text(to, p, n);
	case FIELD_NAME:
		return read_name(to, f, p, n);
	case FIELD_MAP:
		return read_map(info, p, n);
	}
	return false;
}

/* Index of a field not yet seen; count when there is none. */
static u32 find_field(const struct node_rule *rule, const char *name, u32 seen)
{
	u32 i = 0;

	while (i < rule->count && ((seen & BIT(i)) || strcmp(rule->fields[i].name, name) != 0))
		i++;
	return i;
}

static bool read_node(struct boot_info *info, u8 *base, const struct node_rule *rule, const void *tree, int node)
{
	u32 seen = 0;
	int at;

	fdt_for_each_property_offset(at, tree, node)
	{
		const char *name;
		int n;
		const u8 *p = fdt_getprop_by_offset(tree, at, &name, &n);
		u32 i = p ? find_field(rule, name, seen) : rule->count;

		if (i == rule->count || !read_field(info, base, &rule->fields[i], p, (size_t)n))
			return false;
		seen |= BIT(i);
	}
	return at == -FDT_ERR_NOTFOUND && seen == BIT(rule->count) - 1;
}

static bool has_children(const void *tree, int node)
{
	return fdt_first_subnode(tree, node) != -FDT_ERR_NOTFOUND;
}

static u32 kind_of(const char *name)
{
	u32 kind = COMPONENT_HYPERVISOR;

	while (kind < COMPONENT_KIND_END && strcmp(component_name(kind), name) != 0)
		kind++;
	return kind;
}

static bool read_components(struct boot_info *info, const void *tree, int image)
{
	u32 seen = 0;
	int node;

	fdt_for_each_subnode(node, tree, image)
	{
		const char *name = fdt_get_name(tree, node, NULL);
		u32 kind = name ? kind_of(name) : COMPONENT_KIND_END;

		if (kind == COMPONENT_KIND_END || (seen & BIT(kind)) || has_children(tree, node))
			return false;
		if (!read_node(info, (u8 *)&info->component[kind], &component_rule, tree, node) ||
		        !info->component[kind].content.length)
			return false;
		seen |= BIT(kind);
	}
	return node == -FDT_ERR_NOTFOUND;
}

static u32 find_node(const char *name, u32 seen)
{
	u32 i = 0;

	while (i < handoff_node_count && ((seen & BIT(i)) || strcmp(handoff_nodes[i].name, name) != 0))
		i++;
	return i;
}

static bool read_one(struct boot_info *info, const struct node_rule *rule, const void *tree, int node)
{
	if (!read_node(info, (u8 *)info, rule, tree, node))
		return false;
	return strcmp(rule->name, "image") != 0 ? !has_children(tree, node) : read_components(info, tree, node);
}

static bool read_nodes(struct boot_info *info, const void *tree)
{
	u32 seen = 0;
	int node;

	fdt_for_each_subnode(node, tree, 0)
	{
		const char *name = fdt_get_name(tree, node, NULL);
		u32 i = name ? find_node(name, seen) : handoff_node_count;

		if (i == handoff_node_count || !read_one(info, &handoff_nodes[i], tree, node))
			return false;
		seen |= BIT(i);
	}
	for (u32 i = 0; i < handoff_node_count; i++) {
		if (!(seen & BIT(i)) && !handoff_nodes[i].optional)
			return false;
	}
	return node == -FDT_ERR_NOTFOUND;
}

/* The one property there: which version of this contract the rest follows. */
static bool root_is_ours(const void *tree)
{
	static const char compatible[] = "signet,handoff-1";
	int n, first = fdt_first_property_offset(tree, 0);
	const char *name;
	const u8 *p = first < 0 ? NULL : fdt_getprop_by_offset(tree, first, &name, &n);

	return p && !strcmp(name, "compatible") && n == (int)sizeof(compatible) &&
	        !memcmp(p, compatible, sizeof(compatible)) &&
	        fdt_next_property_offset(tree, first) == -FDT_ERR_NOTFOUND;
}

enum err boot_info_read(struct boot_info *info, const void *tree, u64 length, u64 at)
{
	memset(info, 0, sizeof(*info));
	info->map = (struct memory_map){ .entry = info->entries, .room = MAP_ROOM };
	if (length > HANDOFF_LENGTH_MAX || fdt_check_full(tree, length) || fdt_num_mem_rsv(tree))
		return ERR_BOOT_HANDOFF;
	if (!root_is_ours(tree) || !read_nodes(info, tree))
		return ERR_BOOT_HANDOFF;
	return boot_info_check(info, &(struct memory_range){ at, length });
}
