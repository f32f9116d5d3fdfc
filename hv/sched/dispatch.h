/*
 * What every processor does once the machine is started: it runs whose turn it is, takes the machine's interrupts
 * between turns, and sleeps when there is nothing to do.
 * Trust: in the TCB; hardware access. All functions but dispatch(): lock held.
 */
#ifndef SIGNET_HV_SCHED_DISPATCH_H
#define SIGNET_HV_SCHED_DISPATCH_H

#include "hv/sched/sched.h"

struct cpu;
struct vcpu;

/* The hypervisor's own vectors; those from 32 up to VECTOR_DEVICES_END - 1 are the devices'. */
enum machine_vector { VECTOR_DEVICES_END = 0xF0, VECTOR_KICK = 0xFD, VECTOR_TIMER = 0xFE, VECTOR_SPURIOUS = 0xFF };

/* Once, before anything below; the clock is calibrated. */
void dispatch_init(void);

/* For sched_add(), and sched_remove() of who is blocked and loaded on no processor. */
extern struct sched scheduler;
/* Something came for it: it runs soon, or looks again. */
void dispatch_wake(struct task *task);

/*
 * Who takes the devices' interrupts: called with the lock held, on the processor that got it, which then ends it at its
 * local APIC. A level has to be quiet by then: masked at the I/O APIC.
 */
void dispatch_on_interrupt(void (*take)(u8 vector));

/* One of each: called once, with the lock held, when the machine's TSC has come that far; LAPIC_NEVER: not at all. */
enum alarm { ALARM_TRIAL, ALARM_LEASE, ALARMS };
void dispatch_alarm(enum alarm alarm, u64 tsc, void (*call)(void));

/* The loop of every processor, entered once on each, in VMX root mode, without the lock. */
_Noreturn void dispatch(struct cpu *cpu);

#endif
