/*
 * In the place of hv/boot/run.c: one small guest in long mode, whose every step comes out as a line, run by two
 * processors in turn; then one that never exits by itself.
 * Trust: test code only.
 */
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/vmx/fields.h"
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
        "lea text(%rip), %rsi\n mov $3, %ecx\n rep outsb\n"
        "hlt\n"
        "mov $0x77, %eax\n out %eax, %dx\n"
        "rdtsc\n mov %eax, %esi\n mov $1000, %edi\n"
        "1: xor %eax, %eax\n cpuid\n dec %edi\n jnz 1b\n"
        "rdtsc\n sub %esi, %eax\n mov $0x100, %edx\n out %eax, %dx\n"
        "vmcall\n"
        "guest_spin: jmp guest_spin\n"
        "text: .ascii \"abc\"\n"
        "guest_end:\n"
        ".text\n");

static struct vm vm;
static struct bus bus;
static struct ept ept;
static struct vcpu vcpu;
static struct vcpu_hardware hardware;

static void must(enum err e)
{
	if (e)
		stop(e);
}

static u64 page(u64 count)
{
	u64 taken = pool_take(&layout.pool, count, count * POOL_PAGE);

	if (!taken)
		stop(ERR_NO_MEMORY);
	return taken;
}

static u64 table_page(void *context)
{
	(void)context;
	return pool_take(&layout.pool, 1, POOL_PAGE);
}

static void table_free(void *context, u64 address)
{
	(void)context;
	must(pool_give(&layout.pool, address, 1));
}

static u64 *table_at(void *context, u64 address)
{
	(void)context;
	return (u64 *)address;
}

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

static bool read_one_msr(struct vcpu *v, u32 msr, u64 *value)
{
	(void)v;
	*value = 0xABCD;
	return msr == 0x1234;
}

static bool write_no_msr(struct vcpu *v, u32 msr, u64 value)
{
	(void)v, (void)msr, (void)value;
	return false;
}

static void build_vm(void)
{
	static const struct ept_ops ops = { table_page, table_free, table_at, NULL };
	static char port_name[] = "port", memory_name[] = "memory";
	static const struct bus_ops device = { device_read, device_write, 1 | 2 | 4 };
	static const struct vm_policy policy = { answer_cpuid, read_one_msr, write_no_msr, 7, false };
	u64 ram = page(RAM / POOL_PAGE);
	u64 *tables = (u64 *)(ram + TABLES);

	must(ept_create(&ept, &ops, 36, vmx_ept_has_1g(&vmx_machine.caps)));
	must(ept_map(&ept, &(struct ept_mapping){ 0, ram, RAM, EPT_RWX, EPT_WB }));
	must(bus_add(&bus, BUS_PORT, &(struct bus_region){ PORT, 4, &device, port_name }));
	must(bus_add(&bus, BUS_MMIO, &(struct bus_region){ MMIO, 16, &device, memory_name }));
	vm = (struct vm){ .policy = &policy, .bus = &bus, .ept = &ept, .memory_count = 1, .id = 1 };
	vm.memory[0] = (struct vm_memory){ .length = RAM, .window = (u8 *)ram };
	memcpy((u8 *)ram + CODE, guest_code, (u64)guest_end - (u64)guest_code);
	/* The guest's own tables: its memory, and the device in the same gigabyte. */
	tables[0] = (TABLES + POOL_PAGE) | TABLE;
	tables[512] = (TABLES + 2 * POOL_PAGE) | TABLE;
	tables[1024] = LARGE;
	tables[1024 + MMIO / MIB(2)] = MMIO | LARGE;
}

static void make_vcpu(struct cpu *cpu, u64 rip)
{
	vcpu = (struct vcpu){ .vm = &vm, .hardware = &hardware, .due = NO_EVENT, .interrupts = &no_interrupts };
	hardware = (struct vcpu_hardware){ .machine = &vmx_machine, .vmcs = page(1), .xsave = page(1), .vpid = 1 };
	hardware.msr_bitmap = page(1);
	for (u32 i = 0; i < VMX_IO_BITMAPS; i++) {
		hardware.io_bitmaps[i] = page(1);
		memset((u8 *)hardware.io_bitmaps[i], 0xFF, VMX_BITMAP_SIZE);
	}
	vmx_msr_bitmap((u8 *)hardware.msr_bitmap, vmx_machine.controls.set[VMX_SECONDARY] & PROC2_RDTSCP);
	must(vmx_vcpu_init(
	        cpu, &vcpu, &(struct vmx_entry){ .mode = VMX_START_LONG, .rip = rip, .rsp = RAM, .cr3 = TABLES }));
}

static void start(struct cpu *cpu)
{
	const char *missing = "";
	enum err e = vmx_cpu_start(cpu, &missing);

	if (e)
		say("guest test: %s", missing);
	must(e);
}

static void start_others(struct cpu *cpu)
{
	if (cpu->number)
		start(cpu);
}

static void run(struct cpu *cpu)
{
	u8 vector;

	must(vmx_vcpu_run(cpu, &vcpu, SLICE, &vector));
	say("guest test: processor %u: state %u, %s", cpu->number, vcpu.state, vcpu.report ? vcpu.report : "no report");
}

static void run_on_second(struct cpu *cpu)
{
	if (cpu->number == 1)
		run(cpu);
}

_Noreturn void hv_run(void)
{
	struct cpu *cpu = smp.cpu[0];

	for (u32 i = 0; i < smp.count; i++)
		smp.cpu[i]->vmxon_region = page(1);
	start(cpu);
	smp_each(start_others);
	build_vm();
	make_vcpu(cpu, CODE);
	run(cpu);
	must(vmx_vcpu_unload(&vcpu));
	vcpu.state = VCPU_RUNNABLE;
	smp_each(run_on_second);
	make_vcpu(cpu, CODE + (u64)guest_spin - (u64)guest_code);
	run(cpu);
	say("guest test: done, %lu exits by the timer", (unsigned long)vcpu.exits[EXIT_TIMER]);
	for (;;)
		halt();
}
