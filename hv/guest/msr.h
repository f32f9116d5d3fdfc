/*
 * The MSRs a VM finds beyond those of its vCPU's state (hv/exit/msr.c) and its local APIC: what stock kernels touch,
 * by one table. Everything else is #GP. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_MSR_H
#define SIGNET_HV_GUEST_MSR_H

#include "lib/types.h"

/* False: #GP. */
bool guest_msr_read(u32 msr, u64 *value);
/* False: #GP. What may be written is without effect. */
bool guest_msr_may_write(u32 msr);
/* The same for the service VM, with what an OS that owns a machine touches. */
bool service_msr_read(u32 msr, u64 *value);
bool service_msr_may_write(u32 msr);

#endif
