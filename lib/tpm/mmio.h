/*
 * The TPM's registers in memory, for code that runs in ring 0 with them mapped at their physical address.
 * Trust: in the TCB.
 */
#ifndef SIGNET_LIB_TPM_MMIO_H
#define SIGNET_LIB_TPM_MMIO_H

#include "lib/tpm/device.h"

/* now: microseconds, see struct tpm_registers. */
struct tpm_registers tpm_mmio_registers(u64 (*now)(void *context), void *context);

#endif
