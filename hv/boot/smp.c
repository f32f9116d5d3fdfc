/*
 * Starting all processors.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/smp.h"

#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

#include <string.h>

enum {
	CPUID_TOPOLOGY = 0x0B,
	LEVEL_THREAD = 1,
	/* SDM volume 3, 9.4.4.1, for the oldest processors there are; new ones need less. */
	INIT_WAIT = 10000,
	STARTUP_WAIT = 200,
	UP_WAIT = 1000000,
	UP_STEP = 100,
};

/* As in trampoline.S, from trampoline_values. */
struct __attribute__((packed)) trampoline {
	u16 gdt_limit;
	u32 gdt_base;
	u16 pad0;
	u32 low_tables, cr4, cr0, efer;
	u32 far_offset;
	u16 far_selector;
	u16 pad1;
	u64 root_tables, entry;
	u64 gdt[3];
};
static_assert(sizeof(struct trampoline) == 72, "trampoline.S");

enum { TRAMPOLINE_VALUES = 8 };

extern const u8 trampoline_start[], trampoline_long[], trampoline_end[];
void smp_entry(void);
_Noreturn void smp_started(void);
extern u64 smp_stack;

struct smp smp;
u64 smp_stack;
static struct cpu *starting;
static void (*volatile work)(struct cpu *);
static u32 work_number, work_done;

struct cpu *smp_add(u64 block, u32 apic_id, bool parked)
{
	struct cpu *cpu = (struct cpu *)(uintptr_t)(block + cpu_areas[AREA_CPU].first * KIB(4));

	*cpu = (struct cpu){ .block = block, .number = smp.count, .apic_id = apic_id, .parked = parked };
	smp.cpu[smp.count++] = cpu;
	return cpu;
}

u32 smp_thread_bits(void)
{
	struct cpuid_leaf leaf = { 0 };

	if (cpuid(0, 0).a >= CPUID_TOPOLOGY)
		leaf = cpuid(CPUID_TOPOLOGY, 0);
	/* One thread a core: whatever width the ids then have, there is nobody to park. */
	return (leaf.b & 0xFFFF) > 1 && (leaf.c >> 8 & 0xFF) == LEVEL_THREAD ? leaf.a & 0x1F : 0;
}

void smp_prepare(u64 low, u64 root_tables)
{
	u8 *page = (u8 *)(uintptr_t)low;
	struct trampoline *t = (struct trampoline *)(uintptr_t)(low + TRAMPOLINE_VALUES);
	u64 tables = low + KIB(4);

	memcpy(page, trampoline_start, (u64)trampoline_end - (u64)trampoline_start);
	memcpy((void *)(uintptr_t)tables, (const void *)(uintptr_t)root_tables, KIB(4));
	t->gdt_limit = sizeof(t->gdt) - 1;
	t->gdt_base = (u32)(low + TRAMPOLINE_VALUES + offsetof(struct trampoline, gdt));
	t->low_tables = (u32)tables;
	t->cr4 = CR4_PAE | (u32)(read_cr4() & CR4_LA57);
	t->cr0 = CR0_PE | CR0_NE | CR0_WP | CR0_PG;
	t->efer = EFER_LME | EFER_NXE;
	t->far_offset = (u32)(low + (u64)trampoline_long - (u64)trampoline_start);
	t->far_selector = SELECTOR_CODE;
	t->root_tables = root_tables;
	t->entry = (u64)smp_entry;
}

static bool is_up(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->up, __ATOMIC_ACQUIRE);
}

static bool comes_up(const struct cpu *cpu, u32 microseconds)
{
	for (u32 waited = 0; waited < microseconds && !is_up(cpu); waited += UP_STEP)
		clock_wait(UP_STEP);
	return is_up(cpu);
}

/* The second start-up is for processors that missed the first; one that runs ignores it. */
static bool start(struct cpu *cpu, u8 page)
{
	starting = cpu;
	__atomic_store_n(&smp_stack, cpu_area_end(cpu, AREA_STACK), __ATOMIC_RELEASE);
	apic_send(cpu->apic_id, IPI_INIT, 0);
	clock_wait(INIT_WAIT);
	apic_send(cpu->apic_id, IPI_STARTUP, page);
	if (comes_up(cpu, STARTUP_WAIT))
		return true;
	apic_send(cpu->apic_id, IPI_STARTUP, page);
	return comes_up(cpu, UP_WAIT);
}

void smp_start(u64 low)
{
	smp.cpu[0]->up = 1;
	smp.up = 1;
	for (u32 i = 1; i < smp.count; i++) {
		struct cpu *cpu = smp.cpu[i];

		if (!start(cpu, (u8)(low >> 12))) {
			say("hypervisor: processor with APIC id %u does not start", cpu->apic_id);
			/* It may come late: INIT puts it where it can do no harm, and its block is never used again. */
			apic_send(cpu->apic_id, IPI_INIT, 0);
		} else if (cpu->parked) {
			smp.parked++;
		} else {
			smp.up++;
		}
	}
}

static _Noreturn void wait_for_work(struct cpu *cpu)
{
	u32 done = 0;

	for (;;) {
		u32 number = __atomic_load_n(&work_number, __ATOMIC_ACQUIRE);

		if (number != done) {
			work(cpu);
			done = number;
			__atomic_add_fetch(&work_done, 1, __ATOMIC_RELEASE);
		}
		pause();
	}
}

/* Called by smp_entry. */
_Noreturn void smp_started(void)
{
	struct cpu *cpu = starting;

	cpu_load(cpu);
	apic_enable();
	__atomic_store_n(&cpu->up, 1, __ATOMIC_RELEASE);
	while (cpu->parked)
		halt();
	wait_for_work(cpu);
}

static void hand_out(void (*function)(struct cpu *cpu))
{
	work = function;
	work_done = 0;
	__atomic_add_fetch(&work_number, 1, __ATOMIC_RELEASE);
	function(smp.cpu[0]);
}

void smp_each(void (*function)(struct cpu *cpu))
{
	hand_out(function);
	while (__atomic_load_n(&work_done, __ATOMIC_ACQUIRE) < smp.up - 1)
		pause();
}

_Noreturn void smp_leave(void (*function)(struct cpu *cpu))
{
	hand_out(function);
	__builtin_unreachable();
}
