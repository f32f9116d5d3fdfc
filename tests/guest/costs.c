/*
 * What an exit costs, in instructions of root mode: time stamps around a loop with the operation, less those around the
 * same loop with a NOP. The best of several rounds, so that a turn that ends in between does not count. The same
 * program runs under the peer (tests/bench/kvm), where some of these rows are answered by its user's program: bench.py
 * knows.
 */
#include "tests/guest/guest.h"

enum { TIMES = 20, ROUNDS = 20 };
enum { APIC_BASE = 0x1B, X2APIC = 3 << 10, DEADLINE = 0x6E0, LVT_TIMER = 0x832, SPURIOUS = 0x80F };
enum { TIMER_VECTOR = 0x40, TSC_DEADLINE = 2 << 17 };
/* Instructions: how long it sleeps, longer than anybody polls; and 250 interrupts a second at 100 MHz. */
enum { SLEEP = 2000000, PIECE = 100000, PIECES_PER_TICK = 4, TICKS = 250 };
enum { QUEUE = 8, FEATURE_VERSION_1 = 1, DRIVER = 3, FEATURES_OK = 8, DRIVER_OK = 4 };

#define LOOP(code, setup)                                                                                              \
	__extension__({                                                                                                \
		u64 start = tsc();                                                                                     \
		for (u32 i = 0; i < TIMES; i++)                                                                        \
			__asm__ volatile(setup "\n" code                                                               \
			        :                                                                                      \
			        : "S"(GUEST_DEVICE)                                                                    \
			        : "rax", "rbx", "rcx", "rdx", "memory");                                               \
		tsc() - start;                                                                                         \
	})

#define COST(name, code, setup)                                                                                        \
	do {                                                                                                           \
		u64 best = ~0ull;                                                                                      \
		for (u32 round = 0; round < ROUNDS; round++) {                                                         \
			u64 with = LOOP(code, setup), without = LOOP("nop", setup);                                    \
			best = with - without < best ? with - without : best;                                          \
		}                                                                                                      \
		say_line("cost " name, TIMES, best);                                                                   \
	} while (0)

static void write_virtio(u32 offset, u32 value)
{
	*(volatile u32 *)(u64)(GUEST_VIRTIO + offset) = value;
}

/* As a driver starts a device (virtio 1.2, 3.1.1); its one queue stays empty. */
static void start_virtio(void)
{
	static u8 ring[3][4096] __attribute__((aligned(4096)));

	write_virtio(0x070, DRIVER);
	write_virtio(0x024, 1);
	write_virtio(0x020, FEATURE_VERSION_1);
	write_virtio(0x070, DRIVER | FEATURES_OK);
	write_virtio(0x030, 0);
	write_virtio(0x038, QUEUE);
	for (u32 i = 0; i < 3; i++)
		write_virtio(0x080 + 16 * i, (u32)(u64)ring[i]);
	write_virtio(0x044, 1);
	write_virtio(0x070, DRIVER | FEATURES_OK | DRIVER_OK);
}

/* Notes when it was entered, and ends its interrupt. */
extern const u8 woken[];
static volatile u64 woken_at __attribute__((used));
__asm__("woken: push %rax; push %rcx; push %rdx; rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, woken_at(%rip);"
        "mov $0x80B, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr; pop %rdx; pop %rcx; pop %rax; iretq");

static void start_timer(void)
{
	u64 base;

	(void)rdmsr(APIC_BASE, &base);
	(void)wrmsr(APIC_BASE, base | X2APIC);
	(void)wrmsr(SPURIOUS, 0x1FF);
	(void)wrmsr(LVT_TIMER, TSC_DEADLINE | TIMER_VECTOR);
	set_gate(TIMER_VECTOR, woken, 0);
}

/* From the time that a sleeper asked to be woken at until its handler runs. */
static void wake_ups(void)
{
	u64 best = ~0ull;

	for (u32 round = 0; round < ROUNDS; round++) {
		u64 deadline = tsc() + SLEEP;
		(void)wrmsr(DEADLINE, deadline);
		__asm__ volatile("sti; hlt; cli" : : : "memory");
		best = woken_at - deadline < best ? woken_at - deadline : best;
	}
	say_line("cost HLT wake-up", 1, best);
}

static u64 piece(void)
{
	u64 left = PIECE / 2, start = tsc();

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(left));
	return tsc() - start;
}

/* Two figures: so much computing undisturbed, and with a timer's interrupts as an operating system has them. */
static void compute(void)
{
	u64 best = ~0ull, start;

	for (u32 round = 0; round < ROUNDS; round++) {
		u64 one = piece();
		best = one < best ? one : best;
	}
	start = tsc();
	for (u32 tick = 0; tick < TICKS; tick++) {
		(void)wrmsr(DEADLINE, tsc() + PIECE);
		__asm__ volatile("sti");
		for (u32 i = 0; i < PIECES_PER_TICK; i++)
			(void)piece();
		__asm__ volatile("cli");
	}
	say_line("compute", best * PIECES_PER_TICK * TICKS, tsc() - start);
}

void case_costs(void)
{
	COST("CPUID", "cpuid", "mov $0x40000000, %%eax");
	COST("CPUID of features", "cpuid", "mov $1, %%eax");
	COST("RDMSR", "rdmsr", "mov $0x277, %%ecx");
	COST("RDMSR of the policy", "rdmsr", "mov $0x1A0, %%ecx");
	COST("IN from nobody", "in %%dx, %%al", "mov $0x80, %%edx");
	COST("IN", "in %%dx, %%eax", "mov $0xE0, %%edx");
	COST("OUT", "out %%eax, %%dx", "mov $0xF0, %%edx");
	COST("EPT-MMIO load", "mov (%%rsi), %%eax", "mov $0, %%eax");
	COST("EPT-MMIO store", "mov %%eax, (%%rsi)", "mov $0, %%eax");
	/* A place of its own, as the peer knows of the one before it without a look at the instruction. */
	COST("EPT-MMIO store, decoded", "mov %%eax, 8(%%rsi)", "mov $0, %%eax");
	start_virtio();
	COST("virtio kick", "mov %%eax, 0x1050(%%rsi)", "mov $0, %%eax");
	start_timer();
	COST("WRMSR of EOI", "wrmsr", "mov $0x80B, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx");
	wake_ups();
	compute();
}
