/*
 * Local APIC of one vCPU: xAPIC page and x2APIC MSRs over the same registers (SDM volume 3, "Advanced Programmable
 * Interrupt Controller").
 * Trust: in the TCB; pure. Registers and messages are the guest's. The owner serialises all calls for one local APIC.
 */
#ifndef SIGNET_HV_DEV_LAPIC_H
#define SIGNET_HV_DEV_LAPIC_H

#include "hv/dev/clock.h"
#include "hv/dev/irq.h"
#include "lib/err.h"

#define LAPIC_BASE 0xFEE00000u

enum {
	LAPIC_SIZE = 0x1000,
	LAPIC_NONE = -1,
	MSR_APIC_BASE = 0x1B,
	MSR_X2APIC_FIRST = 0x800,
	MSR_X2APIC_LAST = 0x8FF,
	MSR_TSC_DEADLINE = 0x6E0,
};

enum lvt { LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

/* 256 bits: one a vector. */
struct vector_set {
	u32 word[8];
};

struct lapic_config {
	u32 id; /* below 255 */
	bool bootstrap;
	u64 timer_hz; /* as CPUID 15h tells the guest */
	u64 tsc_hz; /* guest TSC; it was zero when the clock was */
	struct clock *clock;
	/* Interprocessor interrupts. Never called for a message to this local APIC alone. */
	struct apic_sink ipi;
	/* End of a level-triggered interrupt, for the I/O APICs. */
	void (*eoi)(void *context, u8 vector);
	void *eoi_context;
};

struct lapic {
	struct lapic_config config;
	u64 base; /* IA32_APIC_BASE */
	struct vector_set irr, isr, level;
	u32 tpr, ldr, dfr, svr, esr, esr_latched, icr_low, icr_high;
	u32 lvt[LVT_COUNT];
	u32 divide, initial_count;
	u64 timer_start; /* ns */
	u64 tsc_deadline;
	struct timer timer;
};

enum err lapic_init(struct lapic *l, const struct lapic_config *config) MUST_CHECK;
/* INIT and power-on: registers start over; ID and base stay. */
void lapic_reset(struct lapic *l);

/* The page at LAPIC_BASE. Reads ones and ignores writes where the guest has it off or in x2APIC mode. */
u32 lapic_mmio_read(struct lapic *l, u32 offset);
void lapic_mmio_write(struct lapic *l, u32 offset, u32 value);
/* IA32_APIC_BASE, IA32_TSC_DEADLINE and the x2APIC range. False: #GP(0). */
bool lapic_rdmsr(struct lapic *l, u32 msr, u64 *value) MUST_CHECK;
bool lapic_wrmsr(struct lapic *l, u32 msr, u64 value) MUST_CHECK;

/* Whether a message is for this one (NMI, INIT and SIPI too: the vCPU then acts on them). */
bool lapic_accepts(const struct lapic *l, const struct apic_message *m);
/* Fixed and lowest priority only. Ignored while software has it disabled. */
void lapic_deliver(struct lapic *l, u8 vector, bool level);

/* The vector to inject now, or LAPIC_NONE. */
int lapic_pending(const struct lapic *l);
/* The highest requested vector, whatever the priority: what a TPR threshold has to be set for. */
int lapic_requested(const struct lapic *l);
/* It was injected: moves lapic_pending() from requested to in service. */
void lapic_acknowledge(struct lapic *l);
/* Task priority as CR8 shows it, 0-15. */
u8 lapic_get_cr8(const struct lapic *l);
void lapic_set_cr8(struct lapic *l, u8 value);
/* Whether the PIC's INTR or an NMI at LINT1 gets through. */
bool lapic_passes_pic(const struct lapic *l);
bool lapic_passes_nmi(const struct lapic *l);

#endif
