/* See fake_vmcs.h. What the processor would refuse ends the test. */
#include "tests/unit/fake_vmcs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(VMCS_HOST_TR_SELECTOR == VMCS_ENCODING(VMCS_16, VMCS_HOST, 6), "the last 16-bit field");
static_assert(VMCS_GUEST_TR_SELECTOR == VMCS_ENCODING(VMCS_16, VMCS_GUEST, 7), "16-bit guest state");
static_assert(VMCS_EPT_POINTER == VMCS_ENCODING(VMCS_64, VMCS_CONTROL, 13), "64-bit controls");
static_assert(VMCS_GUEST_PHYSICAL_ADDRESS == VMCS_ENCODING(VMCS_64, VMCS_READ_ONLY, 0), "64-bit read-only data");
static_assert(VMCS_GUEST_EFER == VMCS_ENCODING(VMCS_64, VMCS_GUEST, 3), "64-bit guest state");
static_assert(VMCS_HOST_EFER == VMCS_ENCODING(VMCS_64, VMCS_HOST, 1), "64-bit host state");
static_assert(VMCS_SECONDARY_CONTROLS == VMCS_ENCODING(VMCS_32, VMCS_CONTROL, 15), "32-bit controls");
static_assert(VMCS_EXIT_INSTRUCTION_LENGTH == VMCS_ENCODING(VMCS_32, VMCS_READ_ONLY, 6), "32-bit read-only data");
static_assert(VMCS_PREEMPTION_TIMER == VMCS_ENCODING(VMCS_32, VMCS_GUEST, 23), "32-bit guest state");
static_assert(VMCS_HOST_SYSENTER_CS == VMCS_ENCODING(VMCS_32, VMCS_HOST, 0), "32-bit host state");
static_assert(VMCS_CR4_SHADOW == VMCS_ENCODING(VMCS_NATURAL, VMCS_CONTROL, 3), "natural-width controls");
static_assert(VMCS_EXIT_QUALIFICATION == VMCS_ENCODING(VMCS_NATURAL, VMCS_READ_ONLY, 0), "natural-width data");
static_assert(VMCS_GUEST_SYSENTER_EIP == VMCS_ENCODING(VMCS_NATURAL, VMCS_GUEST, 19), "natural-width guest state");
static_assert(VMCS_HOST_RIP == VMCS_ENCODING(VMCS_NATURAL, VMCS_HOST, 11), "natural-width host state");

struct fake_vmcs fake_vmcs;

static void must(bool good)
{
	if (!good)
		abort();
}

u64 vmcs_read(enum vmcs_field field)
{
	fake_vmcs.reads++;
	return fake_vmcs.field[field];
}

void vmcs_write(enum vmcs_field field, u64 value)
{
	unsigned type = (unsigned)field >> 10 & 3, width = (unsigned)field >> 13;

	must(type != VMCS_READ_ONLY);
	must((width != VMCS_16 || value <= UINT16_MAX) && (width != VMCS_32 || value <= UINT32_MAX));
	fake_vmcs.writes++;
	fake_vmcs.written[field] = true;
	fake_vmcs.field[field] = value;
}

u64 read_cr2(void)
{
	return fake_vmcs.cr2;
}

void write_cr2(u64 value)
{
	fake_vmcs.cr2 = value;
}

void read_debug_addresses(u64 dr[4])
{
	memcpy(dr, fake_vmcs.dr, 4 * sizeof(*dr));
}

void write_debug_addresses(const u64 dr[4])
{
	memcpy(fake_vmcs.dr, dr, 4 * sizeof(*dr));
}

u64 read_dr6(void)
{
	return fake_vmcs.dr[6];
}

void write_dr6(u64 value)
{
	fake_vmcs.dr[6] = value;
}

u64 xgetbv(void)
{
	return fake_vmcs.xcr0;
}

void xsetbv(u64 value)
{
	must(value & 1);
	fake_vmcs.xcr0 = value;
}

/* Only what XCR0 has switched on is saved and restored. */
void xsave(u64 area)
{
	for (u32 i = 0; i < 64; i++)
		if (fake_vmcs.xcr0 >> i & 1)
			((u64 *)area)[i] = fake_vmcs.components[i];
}

void xrstor(u64 area)
{
	for (u32 i = 0; i < 64; i++)
		if (fake_vmcs.xcr0 >> i & 1)
			fake_vmcs.components[i] = ((const u64 *)area)[i];
}

u64 read_msr(u32 msr)
{
	for (u32 i = 0; i < LIVE_MSRS; i++)
		if (fake_vmcs.msr[i].number == msr)
			return fake_vmcs.msr[i].value;
	abort();
}

void write_msr(u32 msr, u64 value)
{
	for (u32 i = 0; i < LIVE_MSRS; i++)
		if (fake_vmcs.msr[i].number == 0 || fake_vmcs.msr[i].number == msr) {
			fake_vmcs.msr[i].number = msr;
			fake_vmcs.msr[i].value = value;
			return;
		}
	abort();
}

u64 rdtsc(void)
{
	return fake_vmcs.tsc;
}

void wbinvd(void)
{
	fake_vmcs.write_backs++;
}
