/*
 * The VMX back end of vCPUs: what start-up, the scheduler and the VMs call. Trust: in the TCB.
 */
#ifndef SIGNET_HV_VMX_VMX_H
#define SIGNET_HV_VMX_VMX_H

#include "hv/vm/vcpu.h"
#include "hv/vmx/machine.h"

enum { VMX_BITMAP_SIZE = 4096, VMX_IO_BITMAPS_SIZE = 8192 };

enum vmx_start {
	VMX_START_SIPI, /* real mode at vector << 12 */
	VMX_START_LONG, /* 64-bit, flat, paging on by tables at cr3: the 64-bit boot protocol's state */
};

struct vmx_entry {
	enum vmx_start mode;
	u8 vector; /* of VMX_START_SIPI */
	u64 rip, rsp, rsi, cr3; /* of VMX_START_LONG, as the rest: else 0 */
	u64 gdt;
	u16 gdt_limit;
};

/* Registers outside the VMCS that guest and root mode share and only guests use: they change hands with the vCPU. */
enum { SWITCHED_MSRS = 6 };

/* A vCPU's VMX part. Addresses are of zeroed pages, mapped where they are physically. */
struct vcpu_hardware {
	const struct vmx_machine *machine;
	u64 vmcs, xsave;
	struct cpu *cpu; /* where its VMCS is active, or NULL */
	u64 msr[SWITCHED_MSRS], cr2, dr[4], dr6, xcr0; /* while it is not loaded */
	u32 slow_from; /* TSC's low half: until then exits are answered by an entry at once */
	struct vmx_entry entry; /* how it begins, when begins */
	u32 processor_controls; /* as in the VMCS */
	u16 vpid; /* its own; never 0, which is root mode's */
	bool launched;
	bool begins; /* its registers, and before the first time all of its VMCS, are to be set */
	bool made;
};

/* Which MSRs and ports do not exit. Both bitmaps begin as all ones. */
void vmx_msr_bitmap(u8 bitmap[VMX_BITMAP_SIZE], bool has_tsc_aux);
/* Ports [first, first + count) of the bitmap pair, a bit a port, no longer exit. */
void vmx_io_pass(u8 bitmaps[VMX_IO_BITMAPS_SIZE], u16 first, u32 count);

/* How v begins, when it is entered next. Lock held. */
void vmx_vcpu_begin(struct vcpu *v, const struct vmx_entry *entry);
/*
 * It is: into the current VMCS, the first time controls and guest state, all of it (SDM 25.4, 25.6-25.8), and after
 * INIT and SIPI the guest's registers alone.
 */
void vmx_guest_begin(struct vcpu *v);

/* What the exit the current VMCS tells of was. */
void vmx_decode(struct exit *x);
/* After it: an event whose delivery it cut short is due again; NMI blocking that it undid is put back. */
void vmx_collect(struct vcpu *v, const struct exit *x);
/* Before entry: what v has due goes into the VMCS, and windows open for what has to wait. */
void vmx_inject(struct vcpu *v);
/* The switched registers from the processor, and back into it. */
void vmx_save(struct vcpu_hardware *h);
void vmx_restore(const struct vcpu_hardware *h);

/* --- ring 0 (hv/vmx/run.c) --- */

/* Takes v off this processor, so that another one, or nobody, may run it. */
enum err vmx_vcpu_unload(struct vcpu *v) MUST_CHECK;
/*
 * Runs v on this processor until the TSC is at `until`, root mode's own time included; loads it if need be: it is
 * loaded nowhere else, and the one before it was unloaded. Returns when that is over or cpu->look is set, when v->state
 * is no longer VCPU_RUNNABLE, or at an interrupt of the machine: then its vector is in *vector, else 0. Lock not held.
 * ERR_VMX_ENTRY: v is beyond help.
 */
enum err vmx_vcpu_run(struct cpu *cpu, struct vcpu *v, u64 until, u8 *vector) MUST_CHECK;

/* Before pages of EPTs go back: no processor enters a guest again with what it kept of any tables. Lock held. */
void vmx_forget_epts(void);

/* enter.S: runs v until vmx_exited() (run.c) says so; false when the processor refused to enter at all. */
bool vmx_enter(struct vcpu *v, bool launched);

#endif
