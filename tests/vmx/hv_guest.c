/*
 * In the place of hv/boot/run.c: one small guest in long mode, whose every step comes out as a line, run by two
 * processors in turn; then one that never exits by itself.
 * Trust: test code only.
 */
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/mem/pool.h"
#include "hv/sched/sched.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/cpu_local.h"

#include "lib/print.h"

#include <string.h>

enum { PORT = 0x100, CODE = 0x10000, MMIO = 0x10000000, TABLES = 0x1000, LARGE = 0x83, TABLE = 0x03 };
#define RAM MIB(2)
#define SLICE (100ull * 1000 * 1000)

extern const u8 guest_code[], guest_spin[], guest_end[];
__asm__(".section .rodata\n"
        "guest_code:\n"
        "mov $0x100, %edx\n"
        "mov $0x40000000, %eax\n cpuid\n mov %ebx, %eax\n mov $0x100, %edx\n out %eax, %dx\n"
        "in %dx, %eax\n inc %eax\n out %eax, %dx\n"
        "mov $0x1234, %ecx\n rdmsr\n mov $0x100, %edx\n out %eax, %dx\n"
        "mov $0x10000000, %ebx\n movzwl 8(%rbx), %eax\n out %eax, %dx\n movl $0x55, 4(%rbx)\n"
        "mov %cr4, %rax\n out %eax, %dx\n"
        "mov %cr0, %rax\n or $0x40000000, %eax\n mov %rax, %cr0\n mov %cr0, %rax\n out %eax, %dx\n"
        "mov %cr4, %rax\n or $0x40000, %eax\n mov %rax, %cr4\n"
        "xor %ecx, %ecx\n xor %edx, %edx\n mov $3, %eax\n xsetbv\n xgetbv\n mov $0x100, %edx\n out %eax, %dx\n"
        "hlt\n"
        "mov $0x77, %eax\n out %eax, %dx\n"
        "rdtsc\n mov %eax, %esi\n mov $1000, %edi\n"
        "1: xor %eax, %eax\n cpuid\n dec %edi\n jnz 1b\n"
        "rdtsc\n sub %esi, %eax\n mov $0x100, %edx\n out %eax, %dx\n"
        "vmcall\n"
        "guest_spin: jmp guest_spin\n"
        "guest_end:\n"
        ".text\n");

static struct vcpu *vcpu;

static u64 device_read(void *device, u64 offset, u32 size)
{
	(void)device, (void)size;
	return 0x12340000 + offset;
}

static void device_write(void *device, u64 offset, u32 size, u64 value)
{
	say("guest test: %s+%lx, size %u: %lx", (const char *)device, (unsigned long)offset, size,
	        (unsigned long)value);
}

static void answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *r)
{
	(void)v, (void)subleaf;
	if (leaf == 0x40000000)
		r->ebx = 0x6E676953; /* "Sign" */
}

static bool read_one_msr(u32 msr, u64 *value)
{
	*value = 0xABCD;
	return msr == 0x1234;
}

static bool may_write_no_msr(u32 msr)
{
	(void)msr;
	return false;
}

static void ignore_end(struct vm *vm)
{
	(void)vm;
}

static void build_vm(void)
{
	static char port_name[] = "port", memory_name[] = "memory";
	static const struct bus_ops device = { device_read, device_write, 1 | 2 | 4 };
	static const struct vm_policy policy = { .cpuid = answer_cpuid,
		.read_msr = read_one_msr,
		.may_write_msr = may_write_no_msr,
		.stopped = ignore_end,
		.xcr0 = 7 };
	struct vm *vm;
	u64 *tables;

	must(vm_create(&policy, 1, &vm));
	must(vm_reserve_ram(vm, 0, RAM));
	memset(vm_memory(vm, 0, RAM), 0, RAM);
	must(bus_add(&vm->bus, BUS_PORT, &(struct bus_region){ PORT, 4, &device, port_name }));
	must(bus_add(&vm->bus, BUS_MMIO, &(struct bus_region){ MMIO, 16, &device, memory_name }));
	memcpy(vm_memory(vm, CODE, (u64)guest_end - (u64)guest_code), guest_code, (u64)guest_end - (u64)guest_code);
	/* The guest's own tables: its memory, and the device in the same gigabyte. */
	tables = vm_memory(vm, TABLES, 3 * POOL_PAGE);
	tables[0] = (TABLES + POOL_PAGE) | TABLE;
	tables[512] = (TABLES + 2 * POOL_PAGE) | TABLE;
	tables[1024] = LARGE;
	tables[1024 + MMIO / MIB(2)] = MMIO | LARGE;
	vcpu = vm->vcpu[0];
}

static void begin_at(u64 rip)
{
	vmx_vcpu_begin(vcpu, &(struct vmx_entry){ .mode = VMX_START_LONG, .rip = rip, .rsp = RAM, .cr3 = TABLES });
}

static void run(struct cpu *cpu)
{
	u8 vector;

	vcpu->state = VCPU_RUNNABLE;
	vcpu_set_attention(vcpu);
	must(vmx_vcpu_run(cpu, vcpu, read_time_stamp() + SLICE, &vector));
	say("guest test: processor %u: state %u, %s", cpu->number, vcpu->state,
	        vcpu->report ? vcpu->report : "no report");
	must(vmx_vcpu_unload(vcpu));
}

static void run_on_second(struct cpu *cpu)
{
	if (cpu->number == 1)
		run(cpu);
}

_Noreturn void hv_run(const struct boot_info *info)
{
	(void)info;
	hv_root_mode();
	build_vm();
	begin_at(CODE);
	run(smp.cpu[0]);
	smp_each(run_on_second);
	vcpu->report = NULL;
	begin_at(CODE + (u64)guest_spin - (u64)guest_code);
	run(smp.cpu[0]);
	say("guest test: done, %lu exits by the timer", (unsigned long)vcpu->exits[EXIT_TIMER]);
	for (;;)
		halt();
}
