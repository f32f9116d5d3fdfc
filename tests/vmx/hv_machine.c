/*
 * In the place of hv/boot/run.c: three bare-metal VMs on all processors. One has two vCPUs, timers and IPIs of every
 * kind; one only spins; one only exits. They are made, watched, stopped and destroyed, twice, by a job of the worker.
 * Trust: test code only.
 */
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu_local.h"
#include "hv/x86/lock.h"
#include "tests/vmx/audit/vms.h"

#include "lib/print.h"

#include <string.h>

enum { CODE = 0x10000, SECOND = 0x20000, TABLES = 0x1000, GDT = 0x7000, COUNTERS = 0x8000, LARGE = 0x83, TABLE = 3 };
enum { PORT = 0x100, LINE = 5, LINE_PINS = 32, ENOUGH = 20, ROUNDS = 2, WATCHED_MICROSECONDS = 200000 };
#define RAM MIB(2)

/* What guests count, as 64-bit words from COUNTERS on; PAIR_COUNTS of them in the pair. */
enum counter {
	TIMERS,
	FIXED,
	SELF,
	LOGICAL,
	NMIS,
	SECOND_UP,
	SECOND_TURNS,
	LOWEST,
	PERIODS,
	LINES,
	PAIR_COUNTS,
	SPINS = 14
};

extern const u8 pair_code[], second_code[], spin_code[], flood_code[], code_end[];
/*
 * The pair's first vCPU fills an IDT at 9000h, sets pin 5 of its I/O APIC to level, starts the second one at page 20h,
 * and halts between interrupts: its timer, an IPI to itself, and what the second one sends it in a loop.
 */
__asm__(".section .rodata\n"
        ".macro count which\n lock incq 0x8000 + 8 * \\which\n .endm\n"
        ".macro wrx msr, low, high\n mov $\\msr, %ecx\n mov $\\low, %eax\n mov $\\high, %edx\n wrmsr\n .endm\n"
        ".macro handler name, which\n \\name: push %rax\n push %rcx\n push %rdx\n count \\which\n jmp end\n .endm\n"
        ".macro io_apic reg, value\n movl $\\reg, (%rbx)\n movl $\\value, 0x10(%rbx)\n .endm\n"
        "pair_code: lea gates(%rip), %rsi\n"
        "1: movzwl (%rsi), %eax\n test %eax, %eax\n jz 2f\n movzwl 2(%rsi), %ecx\n add $4, %rsi\n"
        "shl $4, %eax\n add $0x9000, %eax\n"
        "movw %cx, (%rax)\n movw $0x10, 2(%rax)\n movw $0x8E00, 4(%rax)\n movw $1, 6(%rax)\n movq $0, 8(%rax)\n"
        "jmp 1b\n"
        "2: lidt idtr(%rip)\n wrx 0x80F, 0x1FF, 0\n"
        "mov $0xFEC00000, %ebx\n io_apic 0x1B, 0\n io_apic 0x1A, 0x8044\n"
        "wrx 0x830, 0x4500, 1\n wrx 0x830, 0x4620, 1\n"
        "wrx 0x832, 0x40040, 0\n call arm\n"
        "3: wrx 0x83F, 0x41, 0\n sti\n nop\n hlt\n cli\n jmp 3b\n"
        "arm: rdtsc\n add $200000, %eax\n adc $0, %edx\n mov $0x6E0, %ecx\n wrmsr\n ret\n"
        "timer: push %rax\n push %rcx\n push %rdx\n count 0\n call arm\n jmp end\n"
        "handler fixed, 1\n handler self, 2\n handler logical, 3\n handler lowest, 7\n handler period, 8\n"
        "line: push %rax\n push %rcx\n push %rdx\n count 9\n mov $0x100, %edx\n out %al, %dx\n"
        "end: wrx 0x80B, 0, 0\n pop %rdx\n pop %rcx\n pop %rax\n iretq\n"
        "nmi: count 4\n iretq\n"
        "gates: .word 2, nmi - pair_code, 0x40, timer - pair_code, 0x41, self - pair_code, 0x42, fixed - pair_code\n"
        ".word 0x43, logical - pair_code, 0x44, line - pair_code, 0x45, lowest - pair_code, 0x46, period - pair_code, "
        "0\n"
        "idtr: .word 0xFFF\n .quad 0x9000\n"
        /* From real mode into long mode, on the first one's tables. */
        "second_code: .code16\n lgdtl %cs:second_gdtr - second_code\n"
        "mov $0x20, %eax\n mov %eax, %cr4\n mov $0x1000, %eax\n mov %eax, %cr3\n"
        "mov $0xC0000080, %ecx\n rdmsr\n or $0x100, %eax\n wrmsr\n"
        "mov $0x80000031, %eax\n mov %eax, %cr0\n ljmpl $0x10, $0x20000 + second_long - second_code\n"
        "second_gdtr: .word 0x1F\n .long 0x7000\n"
        ".code64\n second_long: mov $0x18, %eax\n mov %eax, %ss\n mov $0x100000, %esp\n lidt second_idtr(%rip)\n"
        "count 5\n wrx 0x80F, 0x1FF, 0\n wrx 0x832, 0x20046, 0\n wrx 0x83E, 0xB, 0\n wrx 0x838, 1000, 0\n sti\n"
        "4: wrx 0x830, 0x4042, 0\n wrx 0x830, 0x4843, 1\n wrx 0x830, 0x4945, 1\n wrx 0x830, 0x4400, 0\n count 6\n"
        "mov $100000, %ecx\n 5: loop 5b\n jmp 4b\n"
        "second_idtr: .word 0xFFF\n .quad 0x9000\n"
        "spin_code: count 14\n jmp spin_code\n"
        "flood_code: xor %eax, %eax\n cpuid\n count 14\n jmp flood_code\n"
        "code_end:\n"
        ".text\n");

enum { PAIR, SPIN, FLOOD, VMS };

static struct vm *vms[VMS];
static u32 ended;
static u64 first_free;

static void answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *r)
{
	(void)v, (void)leaf, (void)subleaf;
	*r = (struct cpuid_result){ 0 };
}

static bool read_no_msr(u32 msr, u64 *value)
{
	(void)msr;
	*value = 0;
	return false;
}

static bool may_write_no_msr(u32 msr)
{
	(void)msr;
	return false;
}

static void count_end(struct vm *vm)
{
	(void)vm;
	ended++;
}

static void set_line(struct vm *vm, bool level)
{
	struct irq_line line = vm_line(vm, LINE);

	irq_set(&line, level);
}

/* The pair's device: a write takes its line back. */
static void quiet(void *device, u64 offset, u32 size, u64 value)
{
	(void)offset, (void)size, (void)value;
	set_line(device, false);
}

static u64 nothing(void *device, u64 offset, u32 size)
{
	(void)device, (void)offset, (void)size;
	return 0;
}

static void fill(struct vm *vm)
{
	u8 *ram = vm_memory(vm, 0, RAM);
	u64 *tables = (u64 *)(ram + TABLES), *gdt = (u64 *)(ram + GDT);

	memcpy(ram + CODE, pair_code, (u64)code_end - (u64)pair_code);
	memcpy(ram + SECOND, second_code, (u64)code_end - (u64)second_code);
	/* Its memory, and the I/O APIC below 4 GiB. */
	tables[0] = (TABLES + POOL_PAGE) | TABLE;
	tables[512] = (TABLES + 2 * POOL_PAGE) | TABLE;
	tables[512 + 3] = (TABLES + 3 * POOL_PAGE) | TABLE;
	tables[1024] = LARGE;
	tables[1536 + (IOAPIC_BASE >> 21 & 511)] = IOAPIC_BASE | LARGE;
	gdt[2] = 0x00AF9B000000FFFF;
	gdt[3] = 0x00CF93000000FFFF;
}

static const struct vm_policy policy = { .cpuid = answer_cpuid,
	.read_msr = read_no_msr,
	.may_write_msr = may_write_no_msr,
	.stopped = count_end,
	.xcr0 = 7 };

static void make(u32 which, u32 vcpus, const u8 *code)
{
	static const struct bus_ops device = { nothing, quiet, 1 };
	struct vm *vm;

	must(vm_create(&policy, vcpus, &vm));
	must(vm_reserve_ram(vm, 0, RAM));
	must(vm_reserve_ram(vm, RAM, RAM / 2));
	memset(vm_memory(vm, 0, RAM), 0, RAM);
	memset(vm_memory(vm, RAM, RAM / 2), 0, RAM / 2);
	must(vm_add_ioapic(vm, IOAPIC_BASE, 0, LINE_PINS));
	must(bus_add(&vm->bus, BUS_PORT, &(struct bus_region){ PORT, 1, &device, vm }));
	fill(vm);
	must(vm_start(vm,
	        &(struct vmx_entry){ .mode = VMX_START_LONG,
	                .rip = CODE + (u64)code - (u64)pair_code,
	                .rsp = RAM,
	                .cr3 = TABLES,
	                .gdt = GDT,
	                .gdt_limit = 31 }));
	vms[which] = vm;
}

static u64 counted(u32 which, u32 counter)
{
	return __atomic_load_n((u64 *)vm_memory(vms[which], COUNTERS, KIB(1)) + counter, __ATOMIC_RELAXED);
}

static bool everything_counted(void)
{
	bool enough = counted(SPIN, SPINS) >= ENOUGH && counted(FLOOD, SPINS) >= ENOUGH;

	for (u32 c = 0; c < PAIR_COUNTS; c++)
		enough = enough && counted(PAIR, c) >= (c == SECOND_UP ? 1 : ENOUGH);
	return enough;
}

/* Each look raises the line anew; the guest takes it back. */
static void wait_until(bool (*done)(void))
{
	bool is_done = false;

	while (!is_done) {
		hv_lock();
		set_line(vms[PAIR], true);
		is_done = done();
		hv_unlock();
		worker_yield();
	}
}

/* Processor time over a while, in percent of one processor: of those that always want it, and of one that sleeps. */
static void watch_shares(void)
{
	const struct task *t[] = { vms[PAIR]->vcpu[1]->task, vms[SPIN]->vcpu[0]->task, vms[FLOOD]->vcpu[0]->task,
		vms[PAIR]->vcpu[0]->task };
	u64 before[] = { t[0]->cycles, t[1]->cycles, t[2]->cycles, t[3]->cycles }, start = read_time_stamp(), span;

	while (read_time_stamp() - start < clock_ticks(WATCHED_MICROSECONDS))
		worker_yield();
	span = (read_time_stamp() - start) / 100;
	say("machine test: shares %lu %lu %lu, of the sleeper %lu", (t[0]->cycles - before[0]) / span,
	        (t[1]->cycles - before[1]) / span, (t[2]->cycles - before[2]) / span,
	        (t[3]->cycles - before[3]) / span);
}

static bool all_ended(void)
{
	return ended == VMS;
}

static void end_all(void)
{
	hv_lock();
	ended = 0;
	for (u32 i = 0; i < VMS; i++)
		vm_stop(vms[i], "the test is over");
	hv_unlock();
	wait_until(all_ended);
	hv_lock();
	for (u32 i = 0; i < VMS; i++)
		must(vm_destroy(vms[i]));
	say("machine test: destroyed, %lu pages missing, %lu mapped", first_free - layout.pool.free, vm_audit());
	hv_unlock();
}

static void one_round(void)
{
	hv_lock();
	make(PAIR, 2, pair_code);
	make(SPIN, 1, spin_code);
	make(FLOOD, 1, flood_code);
	/* Three MiB each, in pages of 4 KiB: Bochs' processor has the erratum of large ones. */
	say("machine test: made, %lu mapped", vm_audit());
	hv_unlock();
	wait_until(everything_counted);
	say("machine test: all counted; vCPU 1 came up %lu times", counted(PAIR, SECOND_UP));
	watch_shares();
	end_all();
}

/* A VM that is given what it is made of: the audit is to end the machine. */
static void reach_too_far(void)
{
	struct vm *vm;

	hv_lock();
	must(vm_create(&policy, 1, &vm));
	must(vm_add_memory(vm, &(struct ept_mapping){ 0, (u64)vm, POOL_PAGE, EPT_READ, EPT_WB }, false));
	say("machine test: %lu pages passed the audit", vm_audit());
}

static void direct(struct job *job)
{
	(void)job;
	first_free = layout.pool.free;
	for (u32 i = 0; i < ROUNDS; i++)
		one_round();
	say("machine test: done");
	reach_too_far();
}

_Noreturn void hv_run(const struct boot_info *info)
{
	static struct job director = { .run = direct };

	(void)info;
	hv_root_mode();
	vm_audits_start();
	hv_lock();
	worker_submit(&director);
	hv_unlock();
	smp_leave(dispatch);
}
