/* See fake_vmcs.h. What the processor would refuse ends the test. */
#include "tests/unit/fake_vmcs.h"

#include <stdlib.h>
#include <string.h>

struct fake_vmcs fake_vmcs;
jmp_buf fake_machine_check;

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

_Noreturn void live_machine_check(void)
{
	longjmp(fake_machine_check, 1);
}
