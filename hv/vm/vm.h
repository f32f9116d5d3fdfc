/*
 * A virtual machine: its memory, its device bus, and what its kind (guest or service VM) decides about CPUID and MSRs.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_VM_VM_H
#define SIGNET_HV_VM_VM_H

#include "hv/dev/bus.h"
#include "hv/mem/ept.h"
#include "lib/types.h"

struct vcpu;

enum { VM_MEMORY_MAX = 8 };

/* Memory as root mode reaches it: guest-physical [guest, guest + length) lies at window. */
struct vm_memory {
	u64 guest, length;
	u8 *window;
};

struct cpuid_result {
	u32 eax, ebx, ecx, edx;
};

/* What differs between kinds of VM; const, and chosen once when the VM is made. */
struct vm_policy {
	/* What CPUID answers, whatever leaf is asked for. */
	void (*cpuid)(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *result);
	/* MSRs that hv/exit/msr.c does not know. False: #GP. */
	bool (*read_msr)(struct vcpu *v, u32 msr, u64 *value);
	bool (*write_msr)(struct vcpu *v, u32 msr, u64 value);
	u64 xcr0; /* bits of XCR0 a guest may set: of what the processor has */
	bool passes_wbinvd; /* it owns devices that do not snoop */
};

struct vm {
	const struct vm_policy *policy;
	struct bus *bus;
	struct ept *ept;
	struct vm_memory memory[VM_MEMORY_MAX];
	u32 memory_count;
	u16 id;
};

/* Root mode's pointer to length bytes of the VM's RAM; NULL when they do not lie in one piece of it. */
void *vm_memory(const struct vm *vm, u64 guest, u64 length);

/* Copies in or out; false, and nothing written to the guest, when any byte lies outside its RAM. */
bool vm_read(const struct vm *vm, u64 guest, void *to, u64 length) __attribute__((warn_unused_result));
bool vm_write(const struct vm *vm, u64 guest, const void *from, u64 length) __attribute__((warn_unused_result));

#endif
