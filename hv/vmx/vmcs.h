/*
 * The current VMCS and the registers that stay in the processor beside it. Ring 0 has them as
 * instructions, in front of this file (module.mk); host tests over an array, so that what stands above is pure. Trust:
 * in the TCB.
 */
#ifndef SIGNET_HV_VMX_VMCS_H
#define SIGNET_HV_VMX_VMCS_H

#include "hv/vmx/fields.h"

/* A field of fields.h always exists (caps.c saw to it); a failure means damage, and is fatal. */
u64 vmcs_read(enum vmcs_field field);
void vmcs_write(enum vmcs_field field, u64 value);
_Noreturn void vmcs_broken(void);

/* Instructions, for what a vCPU that is loaded has in the processor itself. */
u64 read_cr2(void);
void write_cr2(u64 value);
/* DR0 to DR3 */
void read_debug_addresses(u64 dr[4]);
void write_debug_addresses(const u64 dr[4]);
u64 read_dr6(void);
void write_dr6(u64 value);
u64 xgetbv(void);
void xsetbv(u64 value);
/* All of XCR0's state, to and from 64-byte aligned memory. */
void xsave(u64 area);
void xrstor(u64 area);
u64 read_msr(u32 msr);
void write_msr(u32 msr, u64 value);
u64 rdtsc(void);
void wbinvd(void);

#endif
