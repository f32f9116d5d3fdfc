/*
 * A virtual processor: its registers, what is on its way into it, and the accessors by which handlers work. hv/vmx
 * implements those that name the hardware; of these only the vCPU loaded on this processor may be asked.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_VM_VCPU_H
#define SIGNET_HV_VM_VCPU_H

#include "hv/dev/lapic.h"
#include "hv/exit/exit.h"
#include "hv/exit/instruction.h"
#include "hv/vm/event.h"
#include "hv/vm/vm.h"
#include "hv/x86/bits.h"
#include "lib/types.h"

#include <assert.h>

/* In the order instructions encode them. */
enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, GPRS };

enum vcpu_register {
	VCPU_RIP,
	VCPU_RSP,
	VCPU_RFLAGS,
	VCPU_CR0, /* CR0 and CR4 as the guest sees them */
	VCPU_CR3,
	VCPU_CR4,
	VCPU_EFER,
	VCPU_PAT,
	VCPU_DEBUGCTL,
	VCPU_CS_ACCESS,
	VCPU_DR7,
	VCPU_DR6, /* DR6 and XCR0 stay in the processor while the vCPU is loaded */
	VCPU_XCR0,
	VCPU_REGISTERS,
};

/* Paused: with its VM, when it was runnable; the others stay what they are. */
enum vcpu_state { VCPU_RUNNABLE, VCPU_HALTED, VCPU_WAITS_SIPI, VCPU_STOPPED, VCPU_PAUSED };

/* An answer of the policy's to CPUID, while good. */
enum { CPUID_KEPT = 16 };
struct cpuid_kept {
	u32 leaf, subleaf;
	struct cpuid_result result;
	u64 good;
};
static_assert(sizeof(struct cpuid_kept) == 32, "found by a shift");

/* The instruction that reached for device memory last, and what it was fetched by (hv/exit/memory.c). */
enum { FETCH_SIZE = 16, FETCH_LEVELS = 4 };
struct fetched {
	const u8 *at; /* its FETCH_SIZE bytes in guest memory, or NULL: nothing is kept */
	u64 word[FETCH_SIZE / 8]; /* what they were */
	u64 rip, cr3;
	const u64 *entry[FETCH_LEVELS]; /* of the guest's page tables, on the way there */
	u64 value[FETCH_LEVELS];
	u32 entries;
	struct instruction in;
};

struct vcpu_hardware; /* the back end's part, such as hv/vmx/vmx.h */

struct vcpu {
	u64 gpr[GPRS]; /* RSP is with the hardware: use vcpu_gpr; hv/vmx/enter.S knows this array's place */
	struct vm *vm;
	struct vcpu_hardware *hardware;
	struct vcpu_event due; /* see struct event_state; set with attention */
	/*
	 * Set, under the lock, with everything below that waits for it: then the vCPU looks (vcpu_attend) before it
	 * goes on, and entry without it takes no lock. The vCPU itself may set it at any time.
	 */
	bool attention;
	bool nmi; /* one is waiting */
	bool init, sipi; /* so are they */
	u8 sipi_vector;
	bool deaf; /* halted with interrupts off: an NMI or INIT alone wakes it */
	bool flush; /* its cached translations are to be forgotten before it runs on */
	u8 state; /* enum vcpu_state: its own processor's, without the lock */
	u32 index; /* its APIC id too */
	u64 deadline; /* TSC at which its local APIC's timer is due, or LAPIC_NEVER; as of the last vcpu_attend() */
	struct lapic lapic; /* lock held; its own processor may read its timer and priority without */
	struct task *task;
	struct cpuid_kept cpuid[CPUID_KEPT];
	struct fetched fetched;
	u64 exits[EXIT_KINDS];
	const char *report; /* why the VM stopped */
	struct exit last; /* the last exit */
};
static_assert(offsetof(struct vcpu, gpr) == 0, "enter.S");

/* --- with the hardware (hv/vmx/vcpu.c) --- */
u64 vcpu_get(const struct vcpu *v, enum vcpu_register r);
/* CR0, CR4 and XCR0 take a value that vcpu_cr0_allowed and its like have let through. */
void vcpu_set(struct vcpu *v, enum vcpu_register r, u64 value);
/* Moves past the instruction: RIP, the shadow of STI and MOV SS, and a single step that is due. */
void vcpu_skip(struct vcpu *v, u64 length);
/* The same for the instruction that exited. */
void vcpu_complete(struct vcpu *v);
/* Bits beyond these make VM entry fail on this processor or are not offered to guests. */
bool vcpu_cr0_allowed(const struct vcpu *v, u64 value);
bool vcpu_cr4_allowed(const struct vcpu *v, u64 value);
u64 vcpu_xcr0_allowed(const struct vcpu *v);
/* Writes back and empties this processor's caches. */
void vcpu_write_back_caches(struct vcpu *v);
/* The guest's TSC now. */
u64 vcpu_tsc(const struct vcpu *v);
/* Registers as a SIPI leaves them, the next time it is loaded or entered. Lock held. */
void vcpu_begin(struct vcpu *v, u8 sipi_vector);

/* --- with the dispatcher (hv/sched/dispatch.c), lock held --- */
/* Something waits for v: sets its attention, and wakes it or has the processor that runs it look. */
void vcpu_notify(struct vcpu *v);

/* --- in hv/vm/message.c, lock held --- */
/* Takes what waits for v: its timer, INIT, SIPI, the end of its VM, what wakes it. v is loaded nowhere else. */
void vcpu_attend(struct vcpu *v);
/* Whether it would go on, were it to attend now: HALTED and there is something to wake it, and the like. */
bool vcpu_ready(const struct vcpu *v);

/* --- on top of those (hv/vm/vcpu.c) --- */
/* General registers by number 0-15; writes of 4 bytes clear the upper half, smaller ones keep the rest. */
u64 vcpu_gpr(const struct vcpu *v, u8 number);
void vcpu_set_gpr(struct vcpu *v, u8 number, u64 value, u32 size);
static inline bool vcpu_has_attention(const struct vcpu *v)
{
	return __atomic_load_n(&v->attention, __ATOMIC_RELAXED);
}
static inline void vcpu_set_attention(struct vcpu *v)
{
	__atomic_store_n(&v->attention, true, __ATOMIC_RELAXED);
}
/* Long mode, and a 64-bit code segment. */
bool vcpu_code_64(const struct vcpu *v);

/* Its translations are forgotten before it goes on. */
static inline void vcpu_flush(struct vcpu *v)
{
	v->flush = true;
	vcpu_set_attention(v);
}

/* An exception for the guest; a triple fault that comes of it stops the VM: EXIT_STOP, else EXIT_RETRY. */
enum exit_result vcpu_raise(struct vcpu *v, u8 vector, u32 error);
/* The VM is at its end: reason is a literal, x what led to it. Always EXIT_STOP. */
enum exit_result vcpu_stop(struct vcpu *v, const struct exit *x, const char *reason);

#endif
