/* The audit over all VMs of a test variant. Trust: test code; hardware access. */
#include "tests/vmx/audit/vms.h"

#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/sched/sched.h"
#include "hv/vm/vcpu.h"
#include "hv/vm/vm_table.h"
#include "tests/vmx/audit/ept.h"

#include "lib/print.h"

enum { RANGES_OF_ALL = 3, RANGES_OF_VM = 2 };

static struct audit_range of_vm[VM_MAX][VM_MEMORY_MAX];
static u64 early_end;

static bool audits;

enum err __real_vm_start(struct vm *vm, const struct vmx_entry *bsp);
enum err __wrap_vm_start(struct vm *vm, const struct vmx_entry *bsp);
enum err __real_vm_destroy(struct vm *vm);
enum err __wrap_vm_destroy(struct vm *vm);

static enum err audited(enum err e)
{
	if (!e && audits)
		(void)vm_audit();
	return e;
}

enum err __wrap_vm_start(struct vm *vm, const struct vmx_entry *bsp)
{
	return audited(__real_vm_start(vm, bsp));
}

enum err __wrap_vm_destroy(struct vm *vm)
{
	return audited(__real_vm_destroy(vm));
}

void vm_audits_start(void)
{
	/* Nothing has been given back so far: the pool's pages went out in order. */
	early_end = layout.pool.base + layout.pool.hint * POOL_PAGE;
	audits = true;
}

/* Root mode's own: the image, the way in, what was taken before the first VM, and what each VM is made of. */
static u32 own_ranges(struct audit_range *r)
{
	u32 n = 0;

	r[n++] = (struct audit_range){ (u64)hv_head, (u64)memory_end - (u64)hv_head };
	r[n++] = (struct audit_range){ layout.low, TRAMPOLINE_PAGES * POOL_PAGE };
	r[n++] = (struct audit_range){ layout.carve.base, early_end - layout.carve.base };
	for (u32 i = 0; i < VM_MAX; i++) {
		const struct vm *vm = vm_table[i];

		if (!vm)
			continue;
		r[n++] = (struct audit_range){ (u64)vm, VM_BLOCK * POOL_PAGE };
		r[n++] = (struct audit_range){ vm->ept.tables.root, POOL_PAGE };
		for (u32 k = 0; k < vm->vcpu_count; k++)
			r[n++] = (struct audit_range){ (u64)vm->vcpu[k], VCPU_BLOCK * POOL_PAGE };
	}
	return n;
}

static struct audit_vm ranges_of(const struct vm *vm, struct audit_range *own)
{
	for (u32 i = 0; i < vm->memory_count; i++)
		own[i] = (struct audit_range){ vm->memory[i].host, vm->memory[i].length };
	return (struct audit_vm){ &vm->ept, own, vm->memory_count };
}

u64 vm_audit(void)
{
	static struct audit_range own[RANGES_OF_ALL + RANGES_OF_VM * VM_MAX + SCHED_TASKS_MAX];
	struct audit_vm vms[VM_MAX];
	struct audit_finding f;
	u32 count = 0;
	u64 pages;

	for (u32 i = 0; i < VM_MAX; i++)
		if (vm_table[i])
			vms[count++] = ranges_of(vm_table[i], of_vm[i]);
	if (ept_audit(vms, count, own, own_ranges(own), &f, &pages)) {
		say("audit: of %u VMs number %u reaches 0x%lx, %lu bytes, at 0x%lx", count, f.vm, f.host, f.length,
		        f.guest);
		panic("a VM reaches memory that is not its own");
	}
	return pages;
}
