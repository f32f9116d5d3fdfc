/*
 * Local APIC of one vCPU, in x2APIC mode for good (SDM volume 3, "Extended XAPIC (x2APIC)"): there is no page, and the
 * mode cannot be left. Its time is the guest's TSC.
 * Trust: in the TCB; pure. Registers and messages are the guest's. The owner serialises all calls for one local APIC.
 */
#ifndef SIGNET_HV_DEV_LAPIC_H
#define SIGNET_HV_DEV_LAPIC_H

#include "hv/dev/irq.h"
#include "hv/x86/bits.h"
#include "lib/err.h"

#define LAPIC_BASE 0xFEE00000u
#define LAPIC_NEVER UINT64_MAX

enum {
	LAPIC_NONE = -1,
	LAPIC_REGISTERS = 0x40,
	MSR_X2APIC_FIRST = 0x800,
	MSR_X2APIC_LAST = 0x8FF,
};

struct lapic_config {
	u32 id; /* below 255: what an I/O APIC can address */
	bool bootstrap;
	u32 tsc_khz; /* the guest's TSC; its APIC timer counts at GUEST_CRYSTAL_HZ */
	/* Interprocessor interrupts. Never called for a message to this local APIC alone. */
	struct apic_sink ipi;
	/* End of a level-triggered interrupt, for the I/O APICs. */
	void (*eoi)(void *context, u8 vector);
	void *eoi_context;
};

struct lapic {
	struct lapic_config config;
	u32 reg[LAPIC_REGISTERS]; /* by number: the low byte of the MSR */
	u64 icr;
	u32 errors; /* since the last write to ESR */
	u64 timer_start, deadline; /* guest TSC; deadline: at which its timer is due, or LAPIC_NEVER */
};

void lapic_init(struct lapic *l, const struct lapic_config *config);
/* INIT and power-on: registers start over. */
void lapic_reset(struct lapic *l);

/*
 * IA32_APIC_BASE, IA32_TSC_DEADLINE and the x2APIC range, at the guest TSC given. False: #GP(0). A write may make a
 * vector pending, move the deadline, send messages.
 */
bool lapic_rdmsr(struct lapic *l, u32 msr, u64 tsc, u64 *value) MUST_CHECK;
bool lapic_wrmsr(struct lapic *l, u32 msr, u64 tsc, u64 value) MUST_CHECK;

/* Delivers what is due at tsc. */
void lapic_tick(struct lapic *l, u64 tsc);

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

#endif
