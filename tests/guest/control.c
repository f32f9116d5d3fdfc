/* Control registers: every bit alone, and combinations that a processor refuses, or entry would (SDM 27.3.1). */
#include "tests/guest/guest.h"

enum { CR0_MP = BIT(1), CR0_NE = BIT(5), CR0_WP = BIT(16), CR0_NW = BIT(29), CR0_CD = BIT(30), CR0_PE = BIT(0) };
enum { CR4_PAE = BIT(5), CR4_PCIDE = BIT(17), CR4_OSXSAVE = BIT(18) };
#define CR0_PG (1ull << 31)

static u64 cr0, cr3, cr4;

static u64 set_cr0(u64 value)
{
	TRY("mov %0, %%cr0", : : "r"(value) : "memory");
	return caught;
}

static u64 set_cr3(u64 value)
{
	TRY("mov %0, %%cr3", : : "r"(value) : "memory");
	return caught;
}

static u64 set_cr4(u64 value)
{
	TRY("mov %0, %%cr4", : : "r"(value) : "memory");
	return caught;
}

static void each_bit_of_cr4(void)
{
	/* VME, PVI, TSD, DE, PSE, MCE, PGE, PCE, OSFXSR, OSXMMEXCPT, UMIP, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP. */
	static const u64 allowed = 0x370FDF;

	for (u32 bit = 0; bit < 64; bit++) {
		u64 value = 1ull << bit, found;

		/* The others are there or not as the processor has them: no failed entry is all that counts. */
		if (value & allowed || value & CR4_PAE)
			found = set_cr4(cr4 | value);
		else
			expect("CR4 bit", bit, GP, set_cr4(cr4 | value));
		__asm__ volatile("mov %%cr4, %0" : "=r"(found));
		(void)set_cr4(cr4);
	}
	expect("CR4 without PAE", 0, GP, set_cr4(cr4 & ~(u64)CR4_PAE));
	expect("PCIDE with a PCID", 0, NOTHING, set_cr3(cr3 | 8));
	expect("PCIDE with a PCID", 1, GP, set_cr4(cr4 | CR4_PCIDE));
	expect("PCIDE with a PCID", 2, NOTHING, set_cr3(cr3));
	expect("PCIDE", 0, NOTHING, set_cr4(cr4 | CR4_PCIDE));
	expect("paging off with PCIDE", 0, GP, set_cr0(cr0 & ~CR0_PG));
	expect("PCIDE off", 0, NOTHING, set_cr4(cr4));
}

static void each_bit_of_cr0(void)
{
	for (u32 bit = 32; bit < 64; bit++)
		expect("CR0 bit", bit, GP, set_cr0(cr0 | 1ull << bit));
	expect("PG without PE", 0, GP, set_cr0(cr0 & ~(u64)CR0_PE));
	expect("no paging in 64-bit code", 0, GP, set_cr0(cr0 & ~CR0_PG));
	expect("NW without CD", 0, GP, set_cr0(cr0 | CR0_NW));
	expect("CD and NW", 0, NOTHING, set_cr0(cr0 | CR0_NW | CR0_CD));
	expect("CD", 0, NOTHING, set_cr0(cr0 | CR0_CD));
	expect("NE off, WP on", 0, NOTHING, set_cr0((cr0 & ~(u64)CR0_NE) | CR0_WP));
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	expect("NE reads as written", 0, 0, cr0 & CR0_NE);
	for (u32 bit = 1; bit < 31; bit++) {
		(void)set_cr0(cr0 ^ 1ull << bit);
		(void)set_cr0(cr0);
	}
}

static void combinations(void)
{
	/* PE, PAE, PG and CR3 stay: all else as chance has it. */
	for (u32 n = 0; n < 500; n++) {
		u64 value = random_number();
		(void)set_cr4((value & 0x7FFFFF & ~(u64)CR4_PCIDE) | CR4_PAE);
		(void)set_cr0((random_number() & 0xFFFFFFFF) | CR0_PG | CR0_PE);
		(void)set_cr0(cr0);
		(void)set_cr4(cr4);
	}
	expect("a reserved bit of CR3", 0, GP, set_cr3(cr3 | 1ull << 62));
	__asm__ volatile("lmsw %w0" : : "r"(CR0_MP));
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	expect("LMSW leaves PE", 0, CR0_PE | CR0_MP, cr0 & (CR0_PE | CR0_MP));
	for (u64 value = 0; value < 32; value++) {
		u64 found = 0;
		TRY("mov %0, %%cr8", : : "r"(value) : "memory");
		expect("CR8", value, value > 15 ? GP : NOTHING, caught);
		__asm__ volatile("mov %%cr8, %0" : "=r"(found));
		if (value <= 15)
			expect("CR8 reads back", value, value, found);
	}
}

void case_control_registers(void)
{
	__asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
	each_bit_of_cr4();
	each_bit_of_cr0();
	combinations();
}
