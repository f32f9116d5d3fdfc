/* Instructions that belong to VMX, SMX and SGX, or that CPUID does not offer, and those whose operands are malformed.
 */
#include "tests/guest/guest.h"

#define ONE(name, code, exception)                                                                                     \
	do {                                                                                                           \
		TRY(code, : : "a"(0), "c"(0), "d"(0), "S"(operand) : "memory", "rbx", "cc");                           \
		expect(name, __LINE__, exception, caught);                                                             \
	} while (0)

static u64 operand[2] __attribute__((aligned(16)));

static void virtualization(void)
{
	ONE("vmcall", "vmcall", UD);
	ONE("vmclear", "vmclear (%%rsi)", UD);
	ONE("vmlaunch", "vmlaunch", UD);
	ONE("vmptrld", "vmptrld (%%rsi)", UD);
	ONE("vmptrst", "vmptrst (%%rsi)", UD);
	ONE("vmread", "vmread %%rax, %%rcx", UD);
	ONE("vmresume", "vmresume", UD);
	ONE("vmwrite", "vmwrite %%rax, %%rcx", UD);
	ONE("vmxoff", "vmxoff", UD);
	ONE("vmxon", "vmxon (%%rsi)", UD);
	ONE("invept", "invept (%%rsi), %%rax", UD);
	ONE("invvpid", "invvpid (%%rsi), %%rax", UD);
	ONE("vmfunc", "vmfunc", UD);
	ONE("getsec", ".byte 0x0F, 0x37", UD);
	ONE("encls", ".byte 0x0F, 0x01, 0xCF", UD);
	ONE("rsm", "rsm", UD);
	ONE("svm's vmmcall", "vmmcall", UD);
}

static void others(void)
{
	ONE("monitor", "mov %%rsi, %%rax; monitor", UD);
	ONE("mwait", "mwait", UD);
	ONE("rdpmc", "rdpmc", GP);
	ONE("invd", "invd", NOTHING);
	ONE("wbinvd", "wbinvd", NOTHING);
	ONE("pause", "pause", NOTHING);
	ONE("rdtsc", "rdtsc", NOTHING);
	ONE("rdtscp", "rdtscp", NOTHING);
	ONE("smsw", "smsw %%eax", NOTHING);
	ONE("clts", "clts", NOTHING);
	ONE("ud2", "ud2", UD);
	ONE("lock without memory", ".byte 0xF0, 0x90", UD);
	ONE("sixteen bytes", ".fill 15, 1, 0x66; nop", GP);
	operand[0] = operand[1] = 0;
	ONE("invpcid", "invpcid (%%rsi), %%rax", NOTHING);
	ONE("invpcid, a type that does not exist", "mov $9, %%eax; invpcid (%%rsi), %%rax", GP);
	operand[1] = 0x8000000000000000;
	ONE("invpcid, not canonical", "invpcid (%%rsi), %%rax", GP);
}

static u64 xsetbv(u32 index, u64 value)
{
	TRY("xsetbv", : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(index));
	return caught;
}

static void extended_state(void)
{
	static const struct {
		u64 index, value, exception;
	} rows[] = {
		{ 0, 1, NOTHING },
		{ 0, 3, NOTHING },
		{ 0, 7, NOTHING },
		{ 0, 0, GP },
		{ 0, 2, GP }, /* x87 is always on */
		{ 0, 5, GP }, /* AVX needs SSE */
		{ 0, 0x27, GP }, /* AVX-512 in parts */
		{ 0, 0xE3, GP }, /* or without AVX */
		{ 0, 0x1F, GP }, /* MPX is not offered, */
		{ 0, 0x203, GP }, /* nor protection keys, */
		{ 0, 0x60003, GP }, /* AMX */
		{ 0, 1ull << 63 | 3, GP },
		{ 1, 3, GP },
		{ ~0u, 3, GP },
	};
	u64 cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	expect("xsetbv without OSXSAVE", 0, UD, xsetbv(0, 3));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 18));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect("xsetbv, row", i, rows[i].exception, xsetbv((u32)rows[i].index, rows[i].value));
}

void case_instructions(void)
{
	virtualization();
	others();
	extended_state();
}
