/* Multiboot2 information: whatever parses points nowhere but into itself. */
#include "lib/bytes.h"
#include "secureboot/multiboot2.h"
#include "tests/fuzz/fuzz.h"

static bool inside(const u8 *bytes, size_t n, const void *p, u64 length)
{
	const u8 *at = p;

	return at >= bytes && range_inside((u64)(at - bytes), length, n);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct multiboot2 info;
	enum err e;

	if (multiboot2_parse(bytes, n, &info) != OK)
		return 0;
	must(info.module_count <= MULTIBOOT2_MODULES_MAX);
	for (u32 i = 0; i < info.module_count; i++) {
		must(inside(bytes, n, info.module[i].name, strlen(info.module[i].name) + 1));
		must(info.module[i].start + info.module[i].length <= 0xFFFFFFFF);
	}
	must(!info.map_count || inside(bytes, n, info.map, (u64)info.map_count * MULTIBOOT2_MAP_ENTRY));
	must(!info.rsdp || (info.rsdp_length <= RSDP_SIZE_MAX && inside(bytes, n, info.rsdp, info.rsdp_length)));
	must(multiboot2_find(&info, "slot-a", &e) == NULL || e == OK);
	return 0;
}
