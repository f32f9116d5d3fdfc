/*
 * The audit of guest memory: walks every VM's EPT and shows that no VM reaches what is not its own.
 * Trust: test code; pure. It shares no code with what maps but the walk itself.
 */
#ifndef SIGNET_TESTS_VMX_AUDIT_EPT_H
#define SIGNET_TESTS_VMX_AUDIT_EPT_H

#include "hv/mem/ept.h"

struct audit_range {
	u64 base, length; /* base + length does not wrap */
};

/* A VM and all host-physical memory, device memory included, that it may reach. */
struct audit_vm {
	const struct ept *ept;
	const struct audit_range *own;
	u32 own_count;
};

/* The first thing found wrong. */
struct audit_finding {
	u32 vm, other; /* indices; other is vm itself but where two VMs own the same */
	u64 guest, host, length;
};

/*
 * ERR_EPT_SHARED when a VM's own memory touches the hypervisor's or another VM's, or a page leads anywhere but into its
 * own: then finding says where. *pages counts what was looked at.
 */
enum err ept_audit(const struct audit_vm *vms, u32 count, const struct audit_range *hypervisor, u32 hypervisor_count,
        struct audit_finding *finding, u64 *pages) MUST_CHECK;

#endif
