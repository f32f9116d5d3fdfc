/*
 * MSRs, known and unknown, read and written over wide ranges; and values that known ones do not take.
 */
#include "tests/guest/guest.h"

enum { APIC_FIRST = 0x800, APIC_LAST = 0x8FF, SAMPLES = 2000 };

/* What a guest may read, and whether it may write back what it read. The local APIC's are a case of their own. */
static const struct {
	u32 msr;
	bool write;
} known[] = {
	{ 0x10, false }, /* TSC: moving it would move the machine's */
	{ 0x17, false },
	{ 0x1B, true },
	{ 0x3A, false },
	{ 0x3B, true },
	{ 0x8B, true },
	{ 0xCE, false },
	{ 0x174, true },
	{ 0x175, true },
	{ 0x176, true },
	{ 0x179, false },
	{ 0x1A0, true },
	{ 0x1D9, true },
	{ 0x277, true },
	{ 0x6E0, true },
	{ 0xC0000080, true },
	{ 0xC0000081, true },
	{ 0xC0000082, true },
	{ 0xC0000083, true },
	{ 0xC0000084, true },
	{ 0xC0000100, true },
	{ 0xC0000101, true },
	{ 0xC0000102, true },
	{ 0xC0000103, true },
};

static void try_one(u32 msr)
{
	size_t i = 0;
	u64 value;

	if (msr >= APIC_FIRST && msr <= APIC_LAST)
		return;
	while (i < ARRAY_SIZE(known) && known[i].msr != msr)
		i++;
	bool readable = i < ARRAY_SIZE(known), writable = readable && known[i].write;
	expect("rdmsr", msr, readable ? NOTHING : GP, rdmsr(msr, &value));
	expect("wrmsr", msr, writable ? NOTHING : GP, wrmsr(msr, value));
}

void case_msrs(void)
{
	static const u32 ranges[] = { 0, 0x40000000, 0x40010000, 0x80000000, 0xC0000000, 0xC0010000, 0xFFFFF000 };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		for (u32 n = 0; n < 0x1000; n++)
			try_one(ranges[i] + n);
	for (u32 n = 0; n < SAMPLES; n++)
		try_one((u32)random_number());
}

void case_msr_values(void)
{
	static const struct {
		u64 msr, value, exception;
	} values[] = {
		{ 0xC0000080, 0xD01, NOTHING }, /* EFER as it is, with SCE */
		{ 0xC0000080, 0x1D01, GP }, /* SVME */
		{ 0xC0000080, 0x401, GP }, /* LME off while paging is on */
		{ 0xC0000080, 1ull << 32 | 0xD01, GP },
		{ 0x277, 0x0007040600070406, NOTHING },
		{ 0x277, 2, GP }, /* PAT: types 2 and 3 do not exist, nor do 8 and up */
		{ 0x277, 3ull << 56, GP },
		{ 0x277, 8ull << 24, GP },
		{ 0x174, 0x10, NOTHING },
		{ 0x175, 0x00007FFFFFFFFFFF, NOTHING },
		{ 0x175, 0x0000800000000000, GP }, /* not canonical */
		{ 0x176, 0xFFFF7FFFFFFFFFFF, GP },
		{ 0xC0000082, 0x0000800000000000, GP },
		{ 0xC0000100, 0xFFFF800000000000, NOTHING },
		{ 0xC0000100, 0x8000000000000000, GP },
		{ 0xC0000101, 0x0000800000000000, GP },
		{ 0xC0000102, 0x0001000000000000, GP },
		{ 0x1D9, 2, NOTHING }, /* BTF */
		{ 0x1D9, 1, GP }, /* last branch records */
		{ 0x1D9, 0, NOTHING },
		{ 0x1B, 0xFEE00900, GP }, /* the local APIC stays in x2APIC mode, */
		{ 0x1B, 0xFEE00000, GP }, /* is not switched off */
		{ 0x1B, 0xFEC00D00, GP }, /* and not moved */
		{ 0x802, 0, GP }, /* its ID is read-only */
		{ 0x80B, 1, GP }, /* EOI takes 0 alone */
		{ 0x830, 1 << 20, GP }, /* a reserved bit of ICR */
		{ 0x838, 1ull << 32, GP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		expect("wrmsr, row", i, values[i].exception, wrmsr((u32)values[i].msr, values[i].value));
	/* What it may read of the local APIC must not fault when it is read again, whatever was written in between. */
	for (u32 msr = APIC_FIRST; msr <= APIC_LAST; msr++) {
		u64 value, again, exception = rdmsr(msr, &value);
		expect("x2APIC, read again", msr, exception, rdmsr(msr, &again));
	}
}
