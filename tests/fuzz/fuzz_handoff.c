/*
 * The hand-off tree: what is accepted keeps everything in stage memory and apart.
 * Trust: test code.
 */
#include "hv/boot/handoff.h"
#include "tests/fuzz/fuzz.h"

enum { TREE_AT = 0x110000 };

static struct boot_info info;

static void check_component(const struct boot_component *c)
{
	must(memory_map_type(&info.map, c->content.base, c->memory_length) == MEMORY_STAGE);
	must(c->content.length <= c->memory_length);
	must(c->content.base + c->memory_length <= TREE_AT || c->content.base > TREE_AT);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	/* libfdt wants it aligned, as the stage has it. */
	u8 *tree = malloc(n ? n : 1);
	u64 end = 0;

	memcpy(tree, bytes, n);
	if (boot_info_read(&info, tree, n, TREE_AT) == OK) {
		must(memory_map_type(&info.map, TREE_AT, n) == MEMORY_STAGE);
		for (u32 i = 0; i < info.map.count; i++) {
			must(info.map.entry[i].base >= end);
			end = info.map.entry[i].base + info.map.entry[i].length;
		}
		check_component(&info.component[COMPONENT_HYPERVISOR]);
		for (u32 kind = COMPONENT_SERVICE_KERNEL; kind < COMPONENT_KIND_END; kind++)
			if (info.component[kind].content.length)
				check_component(&info.component[kind]);
	}
	free(tree);
	return 0;
}
