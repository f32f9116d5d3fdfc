/* Making, starting, stopping and unmaking VMs out of pages of the pool. Trust: in the TCB; hardware access. */
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/sched/dispatch.h"
#include "hv/vm/vm_table.h"
#include "hv/vmx/fields.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include <string.h>

enum { CPUID_ADDRESS_SIZES = 0x80000008 };

/* A vCPU's first page. */
struct vcpu_page_content {
	struct vcpu vcpu;
	struct vcpu_hardware hardware;
};
static_assert(sizeof(struct vcpu_page_content) <= POOL_PAGE, "one page");

struct vm *vm_table[VM_MAX];

/* The pool refuses nothing but what was never taken from it. */
static void give(u64 base, u64 pages)
{
	if (pool_give(&layout.pool, base, pages))
		panic("pages were given back that were not in use");
}

static void give_table(u64 page)
{
	give(page, 1);
}

static enum err add_vcpu(struct vm *vm)
{
	u64 block = pool_take(&layout.pool, VCPU_BLOCK, POOL_PAGE);
	struct vcpu_page_content *c = (struct vcpu_page_content *)(uintptr_t)block;
	u32 index = vm->vcpu_count;
	enum err e;

	if (!block)
		return ERR_NO_MEMORY;
	c->hardware = (struct vcpu_hardware){ .machine = &vmx_machine,
		.vmcs = block + PAGE_VMCS * POOL_PAGE,
		.xsave = block + PAGE_XSAVE * POOL_PAGE,
		.vpid = (u16)((vm->id - 1u) * VM_VCPUS_MAX + index + 1) };
	c->vcpu = (struct vcpu){ .vm = vm,
		.hardware = &c->hardware,
		.due = NO_EVENT,
		.state = VCPU_WAITS_SIPI,
		.index = index,
		.deadline = LAPIC_NEVER };
	lapic_init(&c->vcpu.lapic,
	        &(struct lapic_config){ .id = index,
	                .bootstrap = index == 0,
	                .tsc_khz = (u32)(clock_rate() / 1000),
	                .ipi = { vcpu_send, &c->vcpu },
	                .eoi = vm_end_of_interrupt,
	                .eoi_context = vm });
	e = sched_add(&scheduler, &c->vcpu, &c->vcpu.task);
	if (e)
		give(block, VCPU_BLOCK);
	else
		vm->vcpu[vm->vcpu_count++] = &c->vcpu;
	return e;
}

static void give_all(struct vm *vm)
{
	vm_table[vm->id - 1] = NULL;
	/* Before anybody has the pages again; no processor is in a guest of it, nor gets into one. */
	vmx_forget_epts();
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		sched_remove(vm->vcpu[i]->task);
		give((u64)vm->vcpu[i], VCPU_BLOCK);
	}
	tables_destroy(&vm->ept.tables);
	for (u32 i = 0; i < vm->memory_count; i++)
		if (vm->memory[i].pooled)
			give(vm->memory[i].host, vm->memory[i].length / POOL_PAGE);
	give((u64)vm, VM_BLOCK);
}

static void set_bitmaps(struct vm *vm)
{
	vm->msr_bitmap = (u8 *)vm + PAGE_MSR_BITMAP * POOL_PAGE;
	vm->io_bitmaps = (u8 *)vm + PAGE_IO_BITMAPS * POOL_PAGE;
	vmx_msr_bitmap(vm->msr_bitmap, vmx_machine.controls.set[VMX_SECONDARY] & PROC2_RDTSCP);
	memset(vm->io_bitmaps, 0xFF, VMX_IO_BITMAPS_SIZE);
}

enum err vm_create(const struct vm_policy *policy, u32 vcpus, struct vm **out)
{
	static const struct page_source tables = { layout_take_page, give_table };
	u32 host_bits = cpuid(CPUID_ADDRESS_SIZES, 0).a & 0xFF, slot = 0;
	struct vm *vm;
	enum err e;

	if (vcpus == 0 || vcpus > VM_VCPUS_MAX)
		return ERR_RANGE;
	while (slot < VM_MAX && vm_table[slot])
		slot++;
	vm = slot < VM_MAX ? (struct vm *)(uintptr_t)pool_take(&layout.pool, VM_BLOCK, POOL_PAGE) : NULL;
	if (!vm)
		return ERR_NO_MEMORY;
	vm->policy = policy;
	vm->id = (u16)(slot + 1);
	vm->tsc_offset = 0 - read_time_stamp();
	set_bitmaps(vm);
	if (ept_create(&vm->ept, &tables, host_bits, vmx_ept_has_1g(&vmx_machine.caps))) {
		give((u64)vm, VM_BLOCK);
		return ERR_NO_MEMORY;
	}
	vm->ept.small_code = vmx_machine.mitigations.on & MITIGATE_CODE_PAGES;
	vm_table[slot] = vm;
	for (e = OK; !e && vm->vcpu_count < vcpus;)
		e = add_vcpu(vm);
	if (e)
		give_all(vm);
	else
		*out = vm;
	return e;
}

enum err vm_add_ioapic(struct vm *vm, u64 base, u32 gsi_base, u32 pins)
{
	u32 n = vm->ioapic_count;
	enum err e = n < VM_IOAPICS_MAX ? OK : ERR_RANGE;

	if (!e)
		e = ioapic_init(&vm->ioapic[n], pins, (u8)n, (struct apic_sink){ vm_send, vm });
	if (!e)
		e = ioapic_attach(&vm->ioapic[n], &vm->bus, base);
	if (!e) {
		vm->gsi_base[n] = gsi_base;
		vm->ioapic_count++;
	}
	return e;
}

/* Side by side in the VM and in the machine, and of a kind. */
static bool continues(const struct vm_memory *last, const struct vm_memory *m)
{
	return last->guest + last->length == m->guest && last->host + last->length == m->host &&
	        last->pooled == m->pooled && !last->window == !m->window;
}

static struct vm_memory *last_of(struct vm *vm)
{
	return &vm->memory[vm->memory_count - 1];
}

static enum err add(struct vm *vm, const struct ept_mapping *m, bool ram, bool pooled)
{
	struct vm_memory new = { m->guest, m->length, m->host, ram ? (u8 *)(uintptr_t)m->host : NULL, pooled };
	bool joined = vm->memory_count && continues(last_of(vm), &new);
	enum err e = !joined && vm->memory_count == VM_MEMORY_MAX ? ERR_RANGE : ept_map(&vm->ept, m);

	if (!e && joined)
		last_of(vm)->length += m->length;
	else if (!e)
		vm->memory[vm->memory_count++] = new;
	return e;
}

enum err vm_add_memory(struct vm *vm, const struct ept_mapping *m, bool ram)
{
	return add(vm, m, ram, false);
}

enum err vm_reserve_ram(struct vm *vm, u64 guest, u64 length)
{
	u64 piece = length;
	enum err e = length && is_aligned(length, POOL_PAGE) ? OK : ERR_RANGE;

	while (!e && length) {
		u64 host = pool_reserve(&layout.pool, piece / POOL_PAGE, piece < MIB(2) ? POOL_PAGE : MIB(2));

		if (!host && piece <= MIB(2))
			return ERR_NO_MEMORY;
		if (!host) {
			piece = align_up(piece / 2, MIB(2));
			continue;
		}
		e = add(vm, &(struct ept_mapping){ guest, host, piece, EPT_RWX, EPT_WB }, true, true);
		if (e)
			give(host, piece / POOL_PAGE);
		guest += piece;
		length -= piece;
		piece = piece < length ? piece : length;
	}
	return e;
}

enum err vm_start(struct vm *vm, const struct vmx_entry *bsp)
{
	struct vcpu *v = vm->vcpu[0];

	if (vm->state != VM_CREATED)
		return ERR_INTERNAL;
	vm->state = VM_RUNNING;
	vmx_vcpu_begin(v, bsp);
	v->state = VCPU_RUNNABLE;
	vcpu_notify(v);
	return OK;
}

static void notify_all(struct vm *vm)
{
	for (u32 i = 0; i < vm->vcpu_count; i++)
		vcpu_notify(vm->vcpu[i]);
}

void vm_stop(struct vm *vm, const char *reason)
{
	if (vm->state != VM_RUNNING)
		return;
	vm->state = VM_STOPPING;
	vm->reason = reason;
	notify_all(vm);
}

void vm_pause(struct vm *vm, bool paused)
{
	vm->paused = paused;
	notify_all(vm);
}

void vm_settle(struct vm *vm)
{
	for (u32 i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpu[i]->task->state != TASK_BLOCKED || vm->vcpu[i]->hardware->cpu)
			return;
	vm->state = VM_STOPPED;
	vm->policy->stopped(vm);
}

u64 vm_cycles(const struct vm *vm)
{
	u64 sum = 0;

	for (u32 i = 0; i < vm->vcpu_count; i++)
		sum += vm->vcpu[i]->task->cycles;
	return sum;
}

u64 vm_exits(const struct vm *vm, u32 kind)
{
	u64 sum = 0;

	for (u32 i = 0; i < vm->vcpu_count; i++)
		sum += vm->vcpu[i]->exits[kind];
	return sum;
}

enum err vm_destroy(struct vm *vm)
{
	if (vm->state != VM_CREATED && vm->state != VM_STOPPED)
		return ERR_INTERNAL;
	give_all(vm);
	return OK;
}
