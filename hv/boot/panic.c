/*
 * Exceptions and other ends.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/panic.h"

#include "hv/boot/backtrace.h"
#include "hv/boot/console.h"
#include "hv/boot/last_run.h"
#include "hv/boot/layout.h"
#include "hv/boot/screen.h"
#include "hv/boot/smp.h"
#include "hv/vmx/instructions.h"
#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/fatal.h"
#include "lib/print.h"

enum {
	VECTOR_NMI = 2,
	TRACE_MAX = 32,
	CPUID_TOPOLOGY = 0x0B,
	/* For a person to read the screen, and a serial line to drain. */
	RESET_WAIT = 5000000,
	RESET_WAIT_READS = 1 << 22,
	SYSTEM_CONTROL = 0x61,
	RESET_CONTROL = 0xCF9,
	RESET_SYSTEM = 2,
	RESET_CPU = 4,
};

enum { FEATURE_D_MCA = BIT(14), MSR_MCG_CAP = 0x179, MSR_MC0_STATUS = 0x401, BANKS_MAX = 32 };
#define BANK_VALID (1ull << 63)
#define BANK_HAS_MISC (1ull << 59)
#define BANK_HAS_ADDRESS (1ull << 58)
#define NOBODY 0xFFFFFFFFu

void exception(struct registers *r);

extern const u8 boot_stack[], boot_stack_top[];

/* APIC id of the processor that ends the machine. */
static u32 ender = NOBODY;

bool stop_resets;

static _Noreturn void rest(void)
{
	for (;;)
		halt();
}

static _Noreturn void reset_now(void)
{
	out8(RESET_CONTROL, RESET_SYSTEM);
	out8(RESET_CONTROL, RESET_SYSTEM | RESET_CPU);
	rest();
}

/* Told by the instruction that nothing can have broken. */
static u32 own_id(void)
{
	return cpuid(0, 0).a >= CPUID_TOPOLOGY ? cpuid(CPUID_TOPOLOGY, 0).d : cpuid(CPUID_FEATURES, 0).b >> 24;
}

/* The first one ends the machine; if the report itself goes wrong, there is none, but the machine comes back. */
static void end_begins(void)
{
	u32 own = own_id(), expected = NOBODY;

	if (!__atomic_compare_exchange_n(&ender, &expected, own, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (expected == own)
			reset_now();
		rest();
	}
	for (u32 i = 0; i < smp.count; i++) {
		if (smp.cpu[i]->up && smp.cpu[i]->apic_id != own)
			apic_send(smp.cpu[i]->apic_id, IPI_NMI, 0);
	}
	console_queue(false);
	console_set(screen_report);
}

/* For the next boot's log. A reset loses what is in the caches alone. */
static void keep(const char *reason)
{
	if (layout.last_run)
		last_run_keep(layout.last_run, reason);
	wbinvd();
}

static _Noreturn void reset(const char *reason)
{
	keep(reason);
	say("hypervisor: resetting");
	for (u32 i = 0; !clock_rate() && i < RESET_WAIT_READS; i++)
		(void)in8(SYSTEM_CONTROL);
	clock_wait(RESET_WAIT);
	reset_now();
}

/* Whose stack it is, is not asked: the processor itself may be confused about that. */
static struct stack_range stack_of(u64 rbp)
{
	for (u32 i = 0; i < smp.count; i++) {
		for (u32 area = AREA_STACK; area < AREA_CPU; area++) {
			u64 high = cpu_area_end(smp.cpu[i], area), low = high - cpu_areas[area].count * KIB(4);

			if (rbp >= low && rbp < high)
				return (struct stack_range){ low, high };
		}
	}
	return (struct stack_range){ (u64)boot_stack, (u64)boot_stack_top };
}

static void show_trace(u64 rbp)
{
	u64 address[TRACE_MAX];
	struct stack_range range = stack_of(rbp);
	u32 count = stack_trace(rbp, &range, address, TRACE_MAX);

	/* A call that never returns may be the last of its function: what it would return to is the next one. */
	for (u32 i = 0; i < count; i++)
		say("panic:   image+0x%lx", address[i] - 1 - (u64)hv_head);
}

/* What the processor knows of a machine check (SDM volume 3, 17.3.2). */
static void show_banks(void)
{
	u32 banks = cpuid(CPUID_FEATURES, 0).d & FEATURE_D_MCA ? (u32)read_msr(MSR_MCG_CAP) & 0xFF : 0;

	for (u32 i = 0; i < banks && i < BANKS_MAX; i++) {
		u32 bank = MSR_MC0_STATUS + 4 * i;
		u64 status = read_msr(bank);

		if (status & BANK_VALID)
			say("panic: machine check, bank %u: status %lx, address %lx, misc %lx", i, status,
			        status & BANK_HAS_ADDRESS ? read_msr(bank + 1) : 0,
			        status & BANK_HAS_MISC ? read_msr(bank + 2) : 0);
	}
}

static void show_registers(const struct registers *r)
{
	say("panic: rip %lx image %lx cs %lx flags %lx rsp %lx ss %lx", r->rip, (u64)hv_head, r->cs, r->flags, r->rsp,
	        r->ss);
	say("panic: rax %lx rbx %lx rcx %lx rdx %lx", r->rax, r->rbx, r->rcx, r->rdx);
	say("panic: rsi %lx rdi %lx rbp %lx cr3 %lx", r->rsi, r->rdi, r->rbp, read_cr3());
	say("panic: r8 %lx r9 %lx r10 %lx r11 %lx", r->r8, r->r9, r->r10, r->r11);
	say("panic: r12 %lx r13 %lx r14 %lx r15 %lx", r->r12, r->r13, r->r14, r->r15);
}

/* Called by the stubs in exceptions.S. */
void exception(struct registers *r)
{
	if (r->vector == VECTOR_NMI) {
		if (__atomic_load_n(&ender, __ATOMIC_ACQUIRE) != NOBODY)
			rest();
		return;
	}
	char reason[LAST_RUN_TEXT];

	end_begins();
	format(reason, sizeof(reason), "exception %lu, error %lx, CR2 %lx, at image+0x%lx", r->vector, r->error,
	        read_cr2(), r->rip - (u64)hv_head);
	say("panic: %s", reason);
	show_registers(r);
	show_banks();
	show_trace(r->rbp);
	reset(reason);
}

_Noreturn void panic(const char *reason)
{
	end_begins();
	say("panic: %s", reason);
	show_banks();
	show_trace((u64)__builtin_frame_address(0));
	reset(reason);
}

_Noreturn void panic_end(void)
{
	panic(fatal_reason());
}

_Noreturn void restart(const char *reason)
{
	end_begins();
	say("hypervisor: %s", reason);
	reset(reason);
}

_Noreturn void stop(enum err e)
{
	console_queue(false);
	console_set(screen_report);
	say("stop %u: %s", (u32)e, err_text(e));
	if (stop_resets)
		reset(err_text(e));
	keep(err_text(e));
	rest();
}

void must(enum err e)
{
	if (e)
		stop(e);
}
