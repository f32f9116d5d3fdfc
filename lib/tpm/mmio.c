/*
 * Access to the TPM's registers: the one file of lib/tpm that touches hardware.
 * Trust: in the TCB.
 */
#include "lib/tpm/device.h"

static u8 read8(void *context, u32 offset)
{
	(void)context;
	return *(const volatile u8 *)(uintptr_t)(TPM_REGISTERS_BASE + offset);
}

static u32 read32(void *context, u32 offset)
{
	(void)context;
	return *(const volatile u32 *)(uintptr_t)(TPM_REGISTERS_BASE + offset);
}

static void write8(void *context, u32 offset, u8 value)
{
	(void)context;
	*(volatile u8 *)(uintptr_t)(TPM_REGISTERS_BASE + offset) = value;
}

static void write32(void *context, u32 offset, u32 value)
{
	(void)context;
	*(volatile u32 *)(uintptr_t)(TPM_REGISTERS_BASE + offset) = value;
}

struct tpm_registers tpm_mmio_registers(u64 (*now)(void *context), void *context)
{
	return (struct tpm_registers){
		.read8 = read8,
		.read32 = read32,
		.write8 = write8,
		.write32 = write32,
		.now = now,
		.context = context,
	};
}
