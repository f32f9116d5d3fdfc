/*
 * A virtual machine: its memory, its vCPUs, its interrupt controllers and device bus, and what its kind (guest or
 * service VM) decides. All of it comes from whole pages of the pool and goes back there.
 * Trust: in the TCB; pure, but for what life.c does. Lock held for all functions, unless they say otherwise.
 */
#ifndef SIGNET_HV_VM_VM_H
#define SIGNET_HV_VM_VM_H

#include "hv/dev/bus.h"
#include "hv/dev/guest_memory.h"
#include "hv/dev/ioapic.h"
#include "hv/mem/ept.h"
#include "lib/types.h"

struct vcpu;
struct vmx_entry; /* hv/vmx/vmx.h */
struct vm;

enum { VM_MAX = 32, VM_VCPUS_MAX = 32, VM_MEMORY_MAX = 64, VM_IOAPICS_MAX = 4 };

/* What a VM reaches: guest-physical [guest, guest + length) is host-physical [host, host + length). */
struct vm_memory {
	u64 guest, length, host;
	u8 *window; /* where root mode reaches it; NULL: device memory, which root mode never touches */
	bool pooled; /* goes back to the pool with the VM */
};

struct cpuid_result {
	u32 eax, ebx, ecx, edx;
};

/* What differs between kinds of VM; const, and chosen once when the VM is made. */
struct vm_policy {
	/* What CPUID answers, whatever leaf is asked for. Called without the lock: it may look at nothing but v. */
	void (*cpuid)(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *result);
	/* MSRs that are neither the vCPU's registers nor its local APIC's. False: #GP. */
	bool (*read_msr)(u32 msr, u64 *value);
	bool (*may_write_msr)(u32 msr); /* and nothing comes of it */
	/*
	 * It is VM_STOPPED: no vCPU of it is on any processor, and vm->reason says why. It may be destroyed, but not in
	 * this call. Not called by vm_destroy().
	 */
	void (*stopped)(struct vm *vm);
	u64 xcr0; /* bits of XCR0 a guest may set, where the machine has them */
	bool passes_wbinvd; /* it owns devices that do not snoop */
};

enum vm_state { VM_CREATED, VM_RUNNING, VM_STOPPING, VM_STOPPED };

struct vm {
	const struct vm_policy *policy;
	void *owner; /* whatever its policy keeps of it */
	struct vcpu *vcpu[VM_VCPUS_MAX];
	u32 vcpu_count;
	u16 id; /* 1 to VM_MAX, of those there are now */
	u8 state; /* enum vm_state */
	bool paused; /* none of its vCPUs runs; it may still be stopped */
	const char *reason; /* why it was stopped: a literal */
	struct bus bus;
	struct ept ept;
	struct vm_memory memory[VM_MEMORY_MAX];
	u32 memory_count;
	struct ioapic ioapic[VM_IOAPICS_MAX];
	u32 gsi_base[VM_IOAPICS_MAX]; /* the GSI of an I/O APIC's first pin */
	u32 ioapic_count;
	u64 tsc_offset; /* guest TSC - TSC: a VM's time begins with it */
	u8 *msr_bitmap, *io_bitmaps; /* hv/vmx/vmx.h; change them before start */
};

/* --- life (hv/vm/life.c) --- */

/*
 * A VM without memory, its vCPUs waiting. The first vCPU is the bootstrap processor; APIC ids are 0 and up.
 * ERR_RANGE (vcpus not 1 to VM_VCPUS_MAX), ERR_NO_MEMORY (pages, places, tasks).
 */
enum err vm_create(const struct vm_policy *policy, u32 vcpus, struct vm **vm) MUST_CHECK;
/* An I/O APIC of `pins` pins at base, its first one GSI gsi_base. Errors: ioapic_init()'s, bus_add()'s; ERR_RANGE. */
enum err vm_add_ioapic(struct vm *vm, u64 base, u32 gsi_base, u32 pins) MUST_CHECK;
/*
 * RAM from the pool, in pieces of 2 MiB if need be, with what others left in it: who starts the VM has to zero it
 * before. Whole pages. What continues the call before is joined to it. ERR_NO_MEMORY, ept_map()'s errors; a part may be
 * mapped then.
 */
enum err vm_reserve_ram(struct vm *vm, u64 guest, u64 length) MUST_CHECK;
/* What is there already: device memory, or RAM that root mode may touch (ram), mapped at its physical address. */
enum err vm_add_memory(struct vm *vm, const struct ept_mapping *m, bool ram) MUST_CHECK;
/* From VM_CREATED alone; ERR_INTERNAL otherwise. Its bootstrap processor begins as *bsp says. */
enum err vm_start(struct vm *vm, const struct vmx_entry *bsp) MUST_CHECK;
/* No more instruction of it runs; policy->stopped() follows soon, never in this call. Harmless unless VM_RUNNING. */
void vm_stop(struct vm *vm, const char *reason);
/* Its vCPUs stop before their next instruction, or go on. Its devices, and its time, go on meanwhile. */
void vm_pause(struct vm *vm, bool paused);
/* Gives everything back. VM_CREATED or VM_STOPPED; ERR_INTERNAL otherwise, with nothing done. */
enum err vm_destroy(struct vm *vm) MUST_CHECK;

/* Its sums over all vCPUs: TSC cycles on a processor, exits of each kind. */
u64 vm_cycles(const struct vm *vm);
u64 vm_exits(const struct vm *vm, u32 kind);

/* --- interrupts (hv/vm/message.c) --- */

/* For a device: its line to the I/O APIC that has the GSI. A GSI that nobody has goes nowhere. */
struct irq_line vm_line(struct vm *vm, u32 gsi);
/* A message as a device's MSI makes it. context: the VM. */
void vm_send(void *context, const struct apic_message *m);

/* For hv/vm/life.c: what a local APIC sends (context: its vCPU), and the end of an interrupt (context: the VM). */
void vcpu_send(void *context, const struct apic_message *m);
void vm_end_of_interrupt(void *context, u8 vector);

/* --- memory (hv/vm/vm.c); no lock needed --- */

/* Root mode's pointer to length bytes of the VM's RAM; NULL when they do not lie in one piece of it. */
void *vm_memory(struct vm *vm, u64 guest, u64 length);
/* For device models, which copy in and out. */
struct guest_memory vm_guest_memory(struct vm *vm);

#endif
