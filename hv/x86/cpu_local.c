/*
 * What each processor has of its own.
 * Trust: in the TCB; hardware access.
 */
#include "hv/x86/cpu_local.h"

#include "lib/stack_guard.h"

enum { CPUID_EXTENDED_FEATURES = 7, FEATURE_B_SMEP = BIT(7) };

#define PAGE KIB(4)
/* Which our page tables' cache bits count on (SDM volume 3, 13.12.4). */
#define PAT_AFTER_RESET 0x0007040600070406ull

/* A guard below each stack, where an overrun goes, and one below struct cpu. */
const struct cpu_span cpu_areas[CPU_AREAS] = {
	[AREA_STACK] = { 1, 4 },
	[AREA_DOUBLE_FAULT] = { 6, 2 },
	[AREA_NMI] = { 9, 2 },
	[AREA_MACHINE_CHECK] = { 12, 2 },
	[AREA_CPU] = { 15, 1 },
};

u64 cpu_area_end(const struct cpu *cpu, enum cpu_area area)
{
	return cpu->block + (u64)(cpu_areas[area].first + cpu_areas[area].count) * PAGE;
}

void cpu_load(struct cpu *cpu)
{
	u64 smep = cpuid(CPUID_EXTENDED_FEATURES, 0).b & FEATURE_B_SMEP ? CR4_SMEP : 0;

	for (u32 area = AREA_DOUBLE_FAULT; area < AREA_CPU; area++)
		cpu->descriptors.task.ist[area - 1] = cpu_area_end(cpu, area);
	descriptors_load(&cpu->descriptors);
	write_msr(MSR_FS_BASE, (u64)stack_guard_fs);
	write_msr(MSR_PAT, PAT_AFTER_RESET);
	/* A write to what is read-only shall fault in ring 0 too; a machine check unasked for would be a shutdown. */
	write_cr0(read_cr0() | CR0_WP | CR0_NE);
	/* Firmware's other bits go: all processors are alike. */
	write_cr4(CR4_PAE | CR4_MCE | smep | (read_cr4() & CR4_LA57));
}
