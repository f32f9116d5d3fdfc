/*
 * In the place of hv/boot/run.c: the bare-metal guests of tests/guest, one VM after the other, beside one that must not
 * notice. With a single processor only the one that measures what exits cost.
 * Trust: test code only.
 */
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/dev/virtio_rng.h"
#include "hv/guest/cpuid.h"
#include "hv/guest/msr.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/vm/vcpu.h"
#include "hv/vmx/fields.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"
#include "tests/guest/cases.h"
#include "tests/vmx/audit/vms.h"

#include "lib/print.h"

#include <string.h>

enum { LINE_MAX = 100, LARGE = 0x83, TABLE = 0x03, SEEDS = 12, SEED = 0x5EED };
enum {
	SPIN_MICROSECONDS = 100000,
	CASE_MICROSECONDS = 3000000,
	CHANCE_MICROSECONDS = 200000,
	STARVED_MICROSECONDS = 100000
};
#define SPINS NULL
#define ANY any
static const char any[] = "anything", spins[] = "it spins";

extern const u8 long_start[], long_end[], legacy_start[], legacy_end[];
__asm__(".section .rodata\n"
        "long_start: .incbin \"build/tests/guest/long.bin\"\n"
        "long_end:\n"
        "legacy_start: .incbin \"build/tests/guest/legacy.bin\"\n"
        "legacy_end:\n"
        ".text\n");

enum start { LONG, LEGACY };
static const struct {
	const char *name;
	u32 row;
	enum start start;
	const char *end; /* why its VM stops; SPINS: it does not; ANY: who knows */
} cases[] = {
#define ROW(name, row, start, end) [CASE_##name] = { #name, row, start, end },
	GUEST_CASES(ROW)
};

/* What a guest of ours talks to. */
struct subject {
	struct vm *vm;
	u32 number, seed, used;
	char line[LINE_MAX];
	u8 device[16];
};
static struct subject steady, subject;
static struct virtio_rng rng;

static u64 read_own_port(void *device, u64 offset, u32 size)
{
	const struct subject *s = device;

	(void)size;
	if (offset == PORT_SEED - PORT_CASE)
		return s->seed;
	return offset == 0 ? s->number : 0;
}

static void text(struct subject *s, u8 c)
{
	if (c != '\n' && s->used < LINE_MAX - 1) {
		s->line[s->used] = '?';
		if (c >= ' ' && c < 127)
			s->line[s->used] = (char)c;
		s->used++;
		return;
	}
	s->line[s->used] = '\0';
	s->used = 0;
	/* What chance writes is no report. */
	if (cases[s->number].end != any)
		say("guest %s: %s", cases[s->number].name, s->line);
}

static void write_own_port(void *device, u64 offset, u32 size, u64 value)
{
	struct subject *s = device;

	(void)size;
	if (offset == PORT_TEXT - PORT_CASE)
		text(s, (u8)value);
	if (offset == PORT_END - PORT_CASE)
		vm_stop(s->vm, value ? "an unexpected exception" : "done");
}

static u64 read_device(void *device, u64 offset, u32 size)
{
	u64 value = 0;

	memcpy(&value, ((struct subject *)device)->device + offset, size);
	return value;
}

static void write_device(void *device, u64 offset, u32 size, u64 value)
{
	memcpy(((struct subject *)device)->device + offset, &value, size);
}

// NOLINTNEXTLINE(readability-non-const-parameter): the device's own type, of what fills the buffer.
static u32 no_entropy(u8 *to, u32 n)
{
	(void)to, (void)n;
	return 0;
}

static struct cpuid_result processor(u32 leaf, u32 subleaf)
{
	struct cpuid_leaf r = cpuid(leaf, subleaf);

	return (struct cpuid_result){ r.a, r.b, r.c, r.d };
}

static void answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *result)
{
	const struct cpuid_view view = { .host = processor,
		.tsc_hz = clock_rate(),
		.xcr0 = vcpu_get(v, VCPU_XCR0),
		.vcpus = 1,
		.osxsave = vcpu_get(v, VCPU_CR4) & CR4_OSXSAVE,
		.rdtscp = vmx_machine.controls.set[VMX_SECONDARY] & PROC2_RDTSCP };

	*result = guest_cpuid(&view, leaf, subleaf);
}

static void stopped(struct vm *vm)
{
	(void)vm;
}

static const struct vm_policy policy = { .cpuid = answer_cpuid,
	.read_msr = guest_msr_read,
	.may_write_msr = guest_msr_may_write,
	.stopped = stopped,
	.xcr0 = GUEST_XCR0 };

static void fill_memory(struct vm *vm)
{
	u8 *ram = vm_memory(vm, 0, GUEST_RAM);
	u64 *tables = vm_memory(vm, GUEST_TABLES, KIB(12));

	if (!ram || !tables) {
		stop(ERR_NO_MEMORY);
		return;
	}
	memcpy(ram + GUEST_CODE, long_start, (u64)long_end - (u64)long_start);
	memcpy(ram + GUEST_LEGACY, legacy_start, (u64)legacy_end - (u64)legacy_start);
	/* One gigabyte as it is: memory, then nothing, the device in between. */
	tables[0] = (GUEST_TABLES + KIB(4)) | TABLE;
	tables[512] = (GUEST_TABLES + KIB(8)) | TABLE;
	for (u64 i = 0; i < 512; i++)
		tables[1024 + i] = i * MIB(2) | LARGE;
}

static void start(struct subject *s, u32 number, u32 seed)
{
	static const struct bus_ops own = { read_own_port, write_own_port, 1 | 2 | 4 };
	static const struct bus_ops device = { read_device, write_device, 1 | 2 | 4 | 8 };
	static const struct vmx_entry entries[] = {
		[LONG] = { .mode = VMX_START_LONG, .rip = GUEST_CODE, .rsp = GUEST_STACK, .cr3 = GUEST_TABLES },
		[LEGACY] = { .mode = VMX_START_SIPI, .vector = GUEST_LEGACY >> 12 },
	};

	*s = (struct subject){ .number = number, .seed = seed };
	must(vm_create(&policy, 1, &s->vm));
	must(vm_reserve_ram(s->vm, 0, GUEST_RAM));
	memset(vm_memory(s->vm, 0, GUEST_RAM), 0, GUEST_RAM);
	must(bus_add(&s->vm->bus, BUS_PORT, &(struct bus_region){ PORT_CASE, PORTS_END - PORT_CASE, &own, s }));
	must(bus_add(&s->vm->bus, BUS_MMIO, &(struct bus_region){ GUEST_DEVICE, sizeof(s->device), &device, s }));
	if (number == CASE_costs) {
		virtio_rng_init(&rng, no_entropy, vm_guest_memory(s->vm), vm_line(s->vm, 0));
		must(virtio_attach(&rng.virtio, &s->vm->bus, GUEST_VIRTIO));
	}
	fill_memory(s->vm);
	must(vm_start(s->vm, &entries[cases[number].start]));
}

static u64 rounds_of_steady(void)
{
	return __atomic_load_n((u64 *)vm_memory(steady.vm, STEADY_ROUNDS, sizeof(u64)), __ATOMIC_RELAXED);
}

static void wait(const struct vm *vm, u64 microseconds)
{
	u64 end = read_time_stamp() + clock_ticks(microseconds);

	while (__atomic_load_n(&vm->state, __ATOMIC_RELAXED) != VM_STOPPED && read_time_stamp() < end)
		worker_yield();
}

static void wait_for_steady(u64 before)
{
	u64 end = read_time_stamp() + clock_ticks(STARVED_MICROSECONDS);

	while (rounds_of_steady() == before && read_time_stamp() < end)
		worker_yield();
}

static u64 patience(u32 number)
{
	if (cases[number].end == SPINS)
		return SPIN_MICROSECONDS;
	return cases[number].end == any ? CHANCE_MICROSECONDS : CASE_MICROSECONDS;
}

static const char *verdict(u32 number, const char *reason)
{
	const char *expected = cases[number].end;

	if (expected == any)
		return "any end";
	return strcmp(reason, expected == SPINS ? spins : expected) ? "NOT AS EXPECTED" : "as expected";
}

/* Of one that is at its end, or has had its time. */
static void finish_case(u32 number, u64 before)
{
	u64 exits = 0;
	const char *reason;

	hv_lock();
	reason = subject.vm->state == VM_RUNNING ? spins : subject.vm->reason;
	vm_stop(subject.vm, "enough");
	hv_unlock();
	wait(subject.vm, CASE_MICROSECONDS);
	hv_lock();
	for (u32 kind = 0; kind < EXIT_KINDS; kind++)
		exits += vm_exits(subject.vm, kind);
	say("guest tests: row %u, %s: %s; %s; neighbour %s; %lu exits", cases[number].row, cases[number].name, reason,
	        verdict(number, reason), !steady.vm || rounds_of_steady() > before ? "runs" : "STARVES",
	        (unsigned long)exits);
	must(vm_destroy(subject.vm));
	hv_unlock();
}

/* Runs one to its end, or to the runner's; the neighbour has to get on meanwhile. */
static void run_case(u32 number, u32 seed)
{
	u64 before = rounds_of_steady();

	hv_lock();
	start(&subject, number, seed);
	hv_unlock();
	wait(subject.vm, patience(number));
	wait_for_steady(before);
	finish_case(number, before);
}

static void finish_costs(struct job *job)
{
	(void)job;
	finish_case(CASE_costs, 0);
	say("guest tests: done");
}

static void costs_are_due(void)
{
	static struct job job = { .run = finish_costs };

	worker_submit(&job);
}

/* It has the processor to itself: a runner that waited for it would take turns between its own. */
static void run_costs(struct job *job)
{
	(void)job;
	hv_lock();
	start(&subject, CASE_costs, SEED);
	dispatch_alarm(ALARM_TRIAL, read_time_stamp() + clock_ticks(patience(CASE_costs)), costs_are_due);
	hv_unlock();
}

static void run_all(struct job *job)
{
	(void)job;
	hv_lock();
	start(&steady, CASE_steady, SEED);
	hv_unlock();
	for (u32 i = 0; i < CASE_steady; i++)
		for (u32 seed = 0; seed < (cases[i].end == any ? SEEDS : 1); seed++)
			run_case(i, SEED + seed);
	const u64 *counts = vm_memory(steady.vm, STEADY_ROUNDS, 2 * sizeof(u64));
	say("guest tests: neighbour: %s, %lu surprises", counts[0] > 100 ? "many rounds" : "FEW ROUNDS", counts[1]);
	say("guest tests: done");
}

_Noreturn void hv_run(const struct boot_info *info)
{
	static struct job job;

	(void)info;
	job.run = smp.up == 1 ? run_costs : run_all;
	hv_root_mode();
	vm_audits_start();
	hv_lock();
	worker_submit(&job);
	hv_unlock();
	smp_leave(dispatch);
}
