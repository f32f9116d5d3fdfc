/*
 * The current VMCS and the registers that stay in the processor beside it. Ring 0 implements these in hv/vmx/vmcs.c,
 * host tests over an array, so that what stands above is pure. Trust: in the TCB.
 */
#ifndef SIGNET_HV_VMX_VMCS_H
#define SIGNET_HV_VMX_VMCS_H

#include "hv/vmx/fields.h"

/* A field of fields.h always exists (caps.c saw to it); a failure means damage, and is fatal. */
u64 vmcs_read(enum vmcs_field field);
void vmcs_write(enum vmcs_field field, u64 value);
_Noreturn void vmcs_broken(void);

u64 live_cr2(void);
void live_set_cr2(u64 value);
/* DR0-DR3 and DR6. */
u64 live_dr(u32 number);
void live_set_dr(u32 number, u64 value);
u64 live_xcr0(void);
void live_set_xcr0(u64 value);
/* All of XCR0's state, to and from 64-byte aligned memory. */
void live_xsave(u64 area);
void live_xrstor(u64 area);
u64 live_msr(u32 msr);
void live_set_msr(u32 msr, u64 value);
u64 live_tsc(void);
void live_write_back_caches(void);
_Noreturn void live_machine_check(void);

#endif
