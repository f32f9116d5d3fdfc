/* Debug registers and what raises #DB, around instructions that exit too; and #DB whose delivery raises #DB. */
#include "tests/guest/guest.h"

enum { DR7_FIXED = 0x400, DR7_LOCAL_0 = BIT(0), DR7_GD = BIT(13), DR7_WRITE_8 = 9 << 16, DR7_ACCESS_2 = 7 << 16 };
enum { DR6_FIRST = BIT(0), DR6_BD = BIT(13), DR6_BS = BIT(14), CR4_DE = BIT(3), DR6_ALL = 0xE00F };

extern volatile u64 watched, behind;
volatile u64 watched __attribute__((aligned(8))), behind;

static void set_dr7(u64 value)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(value | DR7_FIXED) : "memory");
}

static u64 dr6(void)
{
	u64 value;

	__asm__ volatile("mov %%dr6, %0; mov %1, %%dr6" : "=&r"(value) : "r"(0xFFFF0FF0ull));
	return value & DR6_ALL;
}

static void watch(const volatile void *address, u64 dr7)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(address));
	set_dr7(DR7_LOCAL_0 | dr7);
}

static void registers(void)
{
	u64 found;

	for (u64 n = 1; n < 5; n++) {
		__asm__ volatile("mov %1, %%dr3; mov %%dr3, %0" : "=r"(found) : "r"(n << 40));
		expect("DR3", n, n << 40, found);
	}
	TRY("mov %0, %%dr7", : : "r"(1ull << 32));
	expect("DR7, upper half", 0, GP, caught);
	TRY("mov %0, %%dr6", : : "r"(1ull << 32));
	expect("DR6, upper half", 0, GP, caught);
	__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4" : "=&r"(found) : "i"(CR4_DE));
	TRY("mov %%dr4, %0", : "=r"(found));
	expect("DR4", 0, UD, caught);
	set_dr7(DR7_GD);
	TRY("mov %%dr0, %0", : "=r"(found));
	expect("GD", 0, DB, caught);
	expect("GD in DR6", 0, DR6_BD, dr6());
}

/* Traps: the handler goes on behind them, which has to be where it says. */
static void expect_trap(const char *what, u64 why)
{
	expect(what, 0, DB, caught);
	expect(what, 1, behind, caught_rip);
	expect(what, 2, why, dr6());
	set_dr7(0);
	caught = NOTHING;
}

static void traps(void)
{
	__asm__ volatile(
	        "lea 1f(%%rip), %%rax; mov %%rax, behind(%%rip); xor %%eax, %%eax; pushfq; orq $0x100, (%%rsp);"
	        "popfq; cpuid; 1: nop"
	        :
	        :
	        : "rax", "rbx", "rcx", "rdx", "memory", "cc");
	expect_trap("a single step over CPUID", DR6_BS);
	watch(&watched, DR7_WRITE_8);
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, behind(%%rip); movq $5, watched(%%rip); 1: nop"
	        :
	        :
	        : "rax", "memory");
	expect_trap("a watched write", DR6_FIRST);
	watched = 0x18;
	watch(&watched, DR7_ACCESS_2);
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, behind(%%rip); xor %%eax, %%eax; mov watched(%%rip), %%ss;"
	                 "cpuid; 1: nop"
	        :
	        :
	        : "rax", "rbx", "rcx", "rdx", "memory");
	expect_trap("a watched load of SS before CPUID", DR6_FIRST);
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, behind(%%rip); .byte 0xF1; 1: nop" : : : "rax", "memory");
	expect_trap("INT1", 0);
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, behind(%%rip); int3; 1: nop" : : : "rax", "memory");
	expect("INT3", 0, BP, caught);
	expect("INT3", 1, behind, caught_rip);
}

extern const u8 watched_instruction[];

void case_debug_registers(void)
{
	registers();
	traps();
	watch(watched_instruction, 0);
	TRY("watched_instruction: cpuid", : : "a"(0), "c"(0) : "rbx", "rdx");
	expect("a breakpoint on CPUID", 0, DB, caught);
	expect("a breakpoint on CPUID", 1, (u64)watched_instruction, caught_rip);
	set_dr7(0);
}

/* The handler's frame is itself watched: each delivery raises the next. */
void case_debug_loop(void)
{
	static const u64 frame = 0x1E0000 - 16;

	set_gate(DB, NULL, 1);
	watch((const void *)frame, DR7_WRITE_8);
	for (;;)
		__asm__ volatile(".byte 0xF1");
}
