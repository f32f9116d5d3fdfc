/* MSR and I/O bitmaps: all ones but for an allow-list (SDM 25.6.4, 25.6.9). Trust: in the TCB; pure. */
#include "hv/vmx/vmx.h"

#include <string.h>

/* The MSR bitmap's four parts. */
enum { READ_LOW = 0, READ_HIGH = 1024, WRITE_LOW = 2048, WRITE_HIGH = 3072 };
#define HIGH_MSRS 0xC0000000u

/* The processor itself checks what is written to these, and they change hands with the vCPU. */
static const u32 passed[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR, MSR_LSTAR, MSR_CSTAR,
	MSR_SYSCALL_MASK, MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE };

static void clear(u8 *bitmap, u32 bit)
{
	bitmap[bit / 8] &= (u8)~BIT(bit % 8);
}

static void pass(u8 *bitmap, u32 msr)
{
	bool high = msr >= HIGH_MSRS;

	clear(bitmap + (high ? READ_HIGH : READ_LOW), msr & 0x1FFF);
	clear(bitmap + (high ? WRITE_HIGH : WRITE_LOW), msr & 0x1FFF);
}

void vmx_msr_bitmap(u8 bitmap[VMX_BITMAP_SIZE], bool has_tsc_aux)
{
	memset(bitmap, 0xFF, VMX_BITMAP_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		pass(bitmap, passed[i]);
	if (has_tsc_aux)
		pass(bitmap, MSR_TSC_AUX);
	/* The TSC's offset applies to RDMSR too; writing it would move the machine's. */
	clear(bitmap + READ_LOW, MSR_TSC);
}

void vmx_io_pass(u8 bitmaps[VMX_IO_BITMAPS_SIZE], u16 first, u32 count)
{
	for (u32 port = first; count-- && port <= UINT16_MAX; port++)
		clear(bitmaps, port);
}
