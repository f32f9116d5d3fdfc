/*
 * Access to the TPM's registers: the one file of lib/tpm that touches hardware.
 * Trust: in the TCB.
 */
#include "lib/tpm/device.h"

static u32 access(void *context, u32 offset, u32 width, const u32 *value)
{
	volatile void *at = (volatile void *)(uintptr_t)(TPM_REGISTERS_BASE + offset);

	(void)context;
	if (!value)
		return width == 1 ? *(volatile u8 *)at : *(volatile u32 *)at;
	if (width == 1)
		*(volatile u8 *)at = (u8)*value;
	else
		*(volatile u32 *)at = *value;
	return 0;
}

struct tpm_registers tpm_mmio_registers(u64 (*now)(void *context), void *context)
{
	return (struct tpm_registers){ .access = access, .now = now, .context = context };
}
