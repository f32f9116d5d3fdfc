/*
 * Reading a tree by its rules.
 * Trust: in the TCB; pure.
 */
#include "lib/fdt_rules.h"

#include "lib/bytes.h"

#include <libfdt.h>
#include <string.h>

enum { LEVELS = 3 };

static bool read_text(char *to, u32 room, const u8 *p, size_t n)
{
	if (!n || n > room || p[n - 1])
		return false;
	for (size_t i = 0; i < n - 1; i++) {
		if (p[i] < ' ' || p[i] > '~')
			return false;
	}
	memcpy(to, p, n);
	return true;
}

static bool read_name(u32 *to, const char *const *names, u32 count, const u8 *p, size_t n)
{
	for (*to = 0; *to < count; ++*to) {
		if (strlen(names[*to]) + 1 == n && !memcmp(names[*to], p, n))
			return true;
	}
	return false;
}

static bool read_numbers(u64 *to, u32 count, const u8 *p, size_t n)
{
	if (n != 8 * (size_t)count)
		return false;
	for (u32 i = 0; i < count; i++)
		to[i] = load_be64(p + 8 * (size_t)i);
	return true;
}

static bool read_field(void *to, const struct field *f, const u8 *p, size_t n)
{
	u32 ignored;

	switch (f->kind) {
	case FIELD_U32:
		if (n == 4)
			*(u32 *)to = load_be32(p);
		return n == 4 && *(u32 *)to <= f->limit;
	case FIELD_U64:
		return read_numbers(to, 1, p, n);
	case FIELD_SPAN:
		return read_numbers(to, 2, p, n) && ((u64 *)to)[1] >= f->limit;
	case FIELD_BYTES:
		if (n == f->limit)
			memcpy(to, p, n);
		return n == f->limit;
	case FIELD_TEXT:
		return read_text(to, f->limit, p, n);
	case FIELD_NAME:
		return read_name(to, f->names, f->limit, p, n);
	case FIELD_FIXED:
		return read_name(&ignored, f->names, 1, p, n);
	case FIELD_OTHER:
		return f->read(to, p, n);
	}
	return false;
}

static bool read_property(u8 *base, const struct node_rule *rule, u32 *seen, const void *tree, int at)
{
	const char *name;
	int n;
	const u8 *p = fdt_getprop_by_offset(tree, at, &name, &n);

	for (u32 i = 0; p && i < rule->count; i++) {
		const struct field *f = &rule->fields[i];

		if (!(*seen & BIT(i)) && !strcmp(f->name, name)) {
			*seen |= BIT(i);
			return read_field(base + f->offset, f, p, (size_t)n);
		}
	}
	return false;
}

static bool read_properties(u8 *out, const struct node_rule *rule, const void *tree, int node)
{
	u32 seen = 0;
	int at;

	fdt_for_each_property_offset(at, tree, node)
	{
		if (!read_property(out + rule->offset, rule, &seen, tree, at))
			return false;
	}
	return at == -FDT_ERR_NOTFOUND && seen == BIT(rule->count) - 1;
}

/* A node whose children are being read. */
struct level {
	const struct node_rule *rule;
	u32 seen; /* of its children */
};

static const struct node_rule *take_child(struct level *parent, const char *name)
{
	for (u32 i = 0; name && i < parent->rule->child_count; i++) {
		if (!(parent->seen & BIT(i)) && !strcmp(parent->rule->children[i].name, name)) {
			parent->seen |= BIT(i);
			return &parent->rule->children[i];
		}
	}
	return NULL;
}

static bool is_complete(const struct level *l)
{
	for (u32 i = 0; i < l->rule->child_count; i++) {
		if (!(l->seen & BIT(i)) && !l->rule->children[i].optional)
			return false;
	}
	return true;
}

/* Every node in the order of the tree; what lies on the path to it is in level. */
static bool read_nodes(u8 *out, const void *tree, const struct node_rule *root)
{
	struct level level[LEVELS] = { { root, 0 } };
	int depth = 0, top = 0, node = fdt_next_node(tree, 0, &depth);

	for (; node >= 0 && depth > 0; node = fdt_next_node(tree, node, &depth)) {
		const struct node_rule *rule;

		for (; top >= depth; top--) {
			if (!is_complete(&level[top]))
				return false;
		}
		rule = take_child(&level[top], fdt_get_name(tree, node, NULL));
		if (!rule || depth == LEVELS || !read_properties(out, rule, tree, node))
			return false;
		level[++top] = (struct level){ rule, 0 };
	}
	while (top >= 0 && is_complete(&level[top]))
		top--;
	return top < 0 && (node >= 0 || node == -FDT_ERR_NOTFOUND);
}

bool fdt_read(void *out, const void *tree, u64 length, const struct node_rule *root)
{
	return !fdt_check_full(tree, length) && fdt_totalsize(tree) == length && !fdt_num_mem_rsv(tree) &&
	        read_properties(out, root, tree, 0) && read_nodes(out, tree, root);
}
