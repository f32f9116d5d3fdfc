/* The audit: ranges first against each other, then every page against its VM's ranges. Trust: test code; pure. */
#include "tests/vmx/audit/ept.h"

static bool touches(const struct audit_range *a, const struct audit_range *b)
{
	return a->length && b->length && (a->base - b->base < b->length || b->base - a->base < a->length);
}

/* The first of a VM's ranges that touches one of others. */
static const struct audit_range *first_shared(const struct audit_vm *vm, const struct audit_range *others, u32 count)
{
	for (u32 i = 0; i < vm->own_count; i++)
		for (u32 k = 0; k < count; k++)
			if (touches(&vm->own[i], &others[k]))
				return &vm->own[i];
	return NULL;
}

/* How much of what follows an address belongs to the VM, as one of its ranges has it. */
static u64 owned_from(const struct audit_vm *vm, u64 at)
{
	for (u32 i = 0; i < vm->own_count; i++)
		if (at - vm->own[i].base < vm->own[i].length)
			return vm->own[i].length - (at - vm->own[i].base);
	return 0;
}

/* Ranges may lie side by side: a page may start in one and end in the next. */
static bool owned(const struct audit_vm *vm, u64 base, u64 length)
{
	u64 step, covered = 0;

	while (covered < length && (step = owned_from(vm, base + covered)) != 0)
		covered += step;
	return covered >= length;
}

static enum err ranges_apart(const struct audit_vm *vms, u32 count, const struct audit_range *hypervisor,
        u32 hypervisor_count, struct audit_finding *finding)
{
	for (u32 v = 0; v < count; v++) {
		const struct audit_range *shared = first_shared(&vms[v], hypervisor, hypervisor_count);
		u32 other = v;

		for (u32 w = 0; !shared && w < v; w++) {
			shared = first_shared(&vms[v], vms[w].own, vms[w].own_count);
			other = w;
		}
		if (shared) {
			*finding = (struct audit_finding){
				.vm = v, .other = other, .host = shared->base, .length = shared->length
			};
			return ERR_EPT_SHARED;
		}
	}
	return OK;
}

enum err ept_audit(const struct audit_vm *vms, u32 count, const struct audit_range *hypervisor, u32 hypervisor_count,
        struct audit_finding *finding, u64 *pages)
{
	enum err e = ranges_apart(vms, count, hypervisor, hypervisor_count, finding);
	struct ept_mapping page;

	*pages = 0;
	for (u32 v = 0; !e && v < count; v++)
		for (u64 at = 0; !e && ept_next(vms[v].ept, at, &page); at = page.guest + page.length, ++*pages)
			if (!owned(&vms[v], page.host, page.length)) {
				*finding = (struct audit_finding){ v, v, page.guest, page.host, page.length };
				e = ERR_EPT_SHARED;
			}
	return e;
}
