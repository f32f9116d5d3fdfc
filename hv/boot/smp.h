/*
 * All processors: found by the MADT, started by INIT-SIPI one after the other, then kept for work.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_BOOT_SMP_H
#define SIGNET_HV_BOOT_SMP_H

#include "hv/boot/acpi.h"
#include "hv/x86/cpu_local.h"

enum { TRAMPOLINE_PAGES = 2, TRAMPOLINE_FLOOR = 0x8000, TRAMPOLINE_CEILING = 0xA0000 };

struct smp {
	struct cpu *cpu[PROCESSORS_MAX]; /* by number; 0 is the one that booted */
	u32 count; /* those with a struct cpu */
	u32 up; /* running, parked ones not counted */
	u32 parked;
};

extern struct smp smp;

/* Adds a processor whose block is allocated and zeroed. Call for the one that booted first. */
struct cpu *smp_add(u64 block, u32 apic_id, bool parked);

/* Fills the TRAMPOLINE_PAGES at low, below 1 MiB, while they are writable still. */
void smp_prepare(u64 low, u64 root_tables);
/*
 * Starts all that were added but the first, which calls this on the root tables. A processor that does not come within
 * a second is told of and stays out.
 */
void smp_start(u64 low);

/* Runs function on every processor that is up, each at once, and waits for all. Never called by two. */
void smp_each(void (*function)(struct cpu *cpu));

/* The same for good: function does not return. */
_Noreturn void smp_leave(void (*function)(struct cpu *cpu));

/* Bits of an APIC id that tell the threads of one core. */
u32 smp_thread_bits(void);

#endif
