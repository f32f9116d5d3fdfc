/*
 * Root-mode memory of this machine.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/layout.h"

#include "hv/boot/smp.h"
#include "hv/x86/cpu.h"

enum { CPUID_EXTENDED = 0x80000001, FEATURE_D_1G = BIT(26) };

/* Below this there is no room for a guest. */
#define CARVE_LEAST MIB(32)
/* TIS and CRB registers of all localities (TCG PC Client PTP, 6.1). */
#define TPM_BASE 0xFED40000ull
#define TPM_SIZE 0x5000ull

struct layout layout;

/* What is mapped, by the map's types; reserved memory is nothing of ours. */
static const u8 access_of[] = {
	[MEMORY_RAM] = PAGING_WRITE,
	[MEMORY_RESERVED] = PAGING_NONE,
	[MEMORY_ACPI] = PAGING_READ,
	[MEMORY_NVS] = PAGING_READ,
	[MEMORY_BAD] = PAGING_NONE,
	[MEMORY_STAGE] = PAGING_READ,
};

static u64 ram_of(const struct memory_map *map)
{
	u64 sum = 0;

	for (u32 i = 0; i < map->count; i++)
		sum += map->entry[i].type == MEMORY_RAM ? map->entry[i].length : 0;
	return sum;
}

enum err layout_choose(struct boot_info *info)
{
	u64 most = ram_of(&info->map) / 2 & ~(CARVE_ALIGN - 1);
	u64 low = 0, length = TRAMPOLINE_PAGES * PAGING_PAGE;
	enum err e = memory_map_find(&info->map, NULL, 0, TRAMPOLINE_FLOOR, length, PAGING_PAGE, &low);

	if (e || low + length > TRAMPOLINE_CEILING)
		return ERR_BOOT_MEMORY;
	e = carve_choose(info->map.entry, info->map.count, CARVE_LEAST, most, &layout.carve);
	if (e)
		return e;
	layout.low = low;
	layout.last_run = (struct last_run *)layout.carve.base;
	pool_init(&layout.pool, layout.carve.base + PAGING_PAGE, layout.carve.length - PAGING_PAGE);
	e = memory_map_set(&info->map, low, length, MEMORY_RESERVED);
	return e ? e : memory_map_set(&info->map, layout.carve.base, layout.carve.length, MEMORY_RESERVED);
}

u64 layout_take_page(void)
{
	return pool_take(&layout.pool, 1, POOL_PAGE);
}

/* One step of the list below; the first error stays. */
static void set(enum err *e, u64 base, u64 length, enum paging_access access)
{
	if (!*e)
		*e = paging_set(&layout.paging, base, length, access);
}

static void set_image(enum err *e)
{
	u64 text = (u64)hv_head, constants = (u64)constant_start, data = (u64)data_start;

	set(e, text, constants - text, PAGING_EXECUTE);
	set(e, constants, data - constants, PAGING_READ);
	set(e, data, (u64)memory_end - data, PAGING_WRITE);
	set(e, (u64)boot_stack_guard, PAGING_PAGE, PAGING_NONE);
}

static void set_blocks(enum err *e)
{
	for (u32 i = 0; i < smp.count; i++) {
		u64 block = smp.cpu[i]->block;

		set(e, block, CPU_BLOCK_PAGES * PAGING_PAGE, PAGING_NONE);
		for (u32 a = 0; a < CPU_AREAS; a++)
			set(e, block + cpu_areas[a].first * PAGING_PAGE, cpu_areas[a].count * PAGING_PAGE,
			        PAGING_WRITE);
	}
}

static void set_devices(enum err *e, const struct boot_info *info, const struct acpi *acpi)
{
	const struct memory_range *f = &info->framebuffer;
	u64 start = f->base & ~(PAGING_PAGE - 1);

	set(e, TPM_BASE, TPM_SIZE, PAGING_DEVICE);
	for (u32 i = 0; i < acpi->ioapics; i++)
		set(e, acpi->ioapic[i].address & ~(PAGING_PAGE - 1), PAGING_PAGE, PAGING_DEVICE);
	if (f->length)
		set(e, start, align_up(f->base + f->length, PAGING_PAGE) - start, PAGING_DEVICE);
}

/* From the general to the special: what comes later holds. Page 0 is left out, so that a NULL pointer faults. */
enum err layout_build(const struct boot_info *info, const struct acpi *acpi)
{
	static const struct page_source source = { .take = layout_take_page };
	bool has_1g = cpuid(CPUID_EXTENDED, 0).d & FEATURE_D_1G;
	enum err e = paging_create(&layout.paging, &source, read_cr4() & CR4_LA57 ? 5 : 4, has_1g);

	for (u32 i = 0; i < info->map.count; i++) {
		const struct memory_entry *m = &info->map.entry[i];

		if (access_of[m->type] != PAGING_NONE)
			set(&e, m->base, m->length, access_of[m->type]);
	}
	set(&e, 0, PAGING_PAGE, PAGING_NONE);
	set(&e, layout.carve.base, layout.carve.length, PAGING_WRITE);
	set(&e, layout.low, PAGING_PAGE, PAGING_EXECUTE);
	set(&e, layout.low + PAGING_PAGE, PAGING_PAGE, PAGING_READ);
	set_image(&e);
	set_blocks(&e);
	set_devices(&e, info, acpi);
	return e;
}

void layout_load(void)
{
	/* Global entries of firmware's tables would outlive them. */
	write_cr4(read_cr4() & ~(u64)CR4_PGE);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
	write_cr3(layout.paging.root);
}
