/*
 * What each processor has of its own: one block of pages with its stacks, guards between them, and struct cpu.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_X86_CPU_LOCAL_H
#define SIGNET_HV_X86_CPU_LOCAL_H

#include "hv/x86/cpu.h"
#include "hv/x86/descriptors.h"

enum { CPU_BLOCK_PAGES = 16 };

struct vcpu;

/* In the block's last page. */
struct cpu {
	u64 block; /* physical address of the block's first page */
	u32 number; /* 0 is the one that booted */
	u32 apic_id;
	u32 up; /* set by the processor itself */
	u32 parked;
	u32 place; /* the scheduler's number for it */
	bool look; /* somebody else may have to run here: set under the lock */
	struct vcpu *loaded; /* whose registers are in it: only the processor itself asks */
	u32 ept_changes; /* as of the last INVEPT */
	const void *last_vm; /* whose vCPU was loaded last: to compare, never to look at */
	u64 vmxon_region; /* physical address of a zeroed page for hv/vmx; set by who adds the processor */
	struct descriptors descriptors;
};
static_assert(sizeof(struct cpu) <= 4096, "one page");

/* Pages of a block that are mapped: all others are guards. */
struct cpu_span {
	u8 first, count; /* pages of the block */
};
extern const struct cpu_span cpu_areas[CPU_AREAS];

/* The end of an area: where a stack starts. */
u64 cpu_area_end(const struct cpu *cpu, enum cpu_area area);

/* Gives this processor its descriptors, FS base, and the control bits that all share. */
void cpu_load(struct cpu *cpu);

#endif
