/*
 * Order of start: from the hand-off to a machine that is the hypervisor's own.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/acpi.h"
#include "hv/boot/console.h"
#include "hv/boot/handoff.h"
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/screen.h"
#include "hv/boot/smp.h"
#include "hv/control/messages.h"
#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/fatal.h"
#include "lib/print.h"
#include "lib/stack_guard.h"
#include "update/decide.h"

enum { COM1 = 0x3F8 };

/* The stage's tables, in force while ACPI is read, map what lies above only where it is RAM, ACPI or the stage's. */
#define MAPPED_END (1ull << 32)

_Noreturn void hv_main(const void *tree, u64 length);
_Noreturn void run_on_stack(u64 top, void (*function)(void));

static struct boot_info info;
struct acpi machine_acpi;

static u64 random_word(void)
{
	u64 value = 0;

	(void)read_random(&value);
	/* An odd multiplier spreads the counter's low bits over the word. */
	return value ^ (read_time_stamp() * 0x9E3779B97F4A7C15ull);
}

static bool is_us(const struct boot_component *c)
{
	return c->content.base == (u64)hv_head && c->memory_length == (u64)memory_end - (u64)hv_head;
}

/* The stage's tables surely reach a frame buffer below 4 GiB; any other one waits for ours. */
static void show_screen(bool own_tables)
{
	if (own_tables != range_inside(info.framebuffer.base, info.framebuffer.length, MAPPED_END))
		screen_start(&info);
}

static void take_handoff(const void *tree, u64 length)
{
	enum err e = boot_info_read(&info, tree, length, (u64)tree);

	/* A tree that does not hold has told no console; a line lost on a port that is not there does no harm. */
	console_serial(e ? COM1 : info.console_port, 0);
	/* Whether or not the tree holds: a wrong reset costs a start, a wrong stop somebody's way to the machine. */
	stop_resets = info.reason == REASON_TRIAL;
	must(e);
	show_screen(false);
	if (!is_us(&info.component[COMPONENT_HYPERVISOR]))
		stop(ERR_BOOT_HANDOFF);
	say("hypervisor: %s %s svn %u, slot %c, %s", info.product, info.release, info.svn, info.slot ? 'b' : 'a',
	        info.reason_text);
}

/* What both the stage's tables and ours map. */
static const u8 *read_physical(void *context, u64 address, u64 length)
{
	u32 type = memory_map_type(context, address, length);
	bool nvs = type == MEMORY_NVS && range_inside(address, length, MAPPED_END);

	return type == MEMORY_ACPI || type == MEMORY_STAGE || nvs ? (const u8 *)address : NULL;
}

static void find_machine(void)
{
	const struct acpi_source source = { read_physical, &info.map };
	const char *timer;

	must(acpi_read(&machine_acpi, &source, info.rsdp));
	must(clock_calibrate(machine_acpi.pm_timer.port, machine_acpi.pm_timer.mask, &timer));
	say("hypervisor: TSC %lu kHz by %s", clock_rate() / 1000, timer);
	if (apic_missing()) {
		say("hypervisor: the processor lacks %s", apic_missing());
		stop(ERR_VMX_CAPABILITY);
	}
	apic_enable();
}

static void tell_last_run(void)
{
	char reason[LAST_RUN_TEXT];

	if (last_run_take(layout.last_run, reason))
		say("hypervisor: the last run ended by: %s", reason);
}

static void add_processor(u32 id, bool parked)
{
	u64 block = pool_take(&layout.pool, CPU_BLOCK_PAGES, POOL_PAGE);
	u64 vmxon_region = pool_take(&layout.pool, 1, POOL_PAGE);

	if (!block || !vmxon_region)
		stop(ERR_NO_MEMORY);
	smp_add(block, id, parked)->vmxon_region = vmxon_region;
}

static void add_processors(void)
{
	struct processors *list = &machine_acpi.processors;
	u32 own = apic_id();

	processors_park_siblings(list, smp_thread_bits(), own);
	add_processor(own, false);
	for (u32 i = 0; i < list->count; i++) {
		/* The list may be full without us; smp.cpu has room for no more. */
		if (list->apic_id[i] != own && smp.count < PROCESSORS_MAX)
			add_processor(list->apic_id[i], list->parked[i]);
	}
}

/* From here on nothing of the stage is in use but what is read from its memory. */
static void start_processors(void)
{
	show_screen(true);
	smp_start(layout.low);
	say("hypervisor: processors: %u up, %u siblings parked, %u silent, %u left out", smp.up, smp.parked,
	        smp.count - smp.up - smp.parked, machine_acpi.processors.left_out);
	hv_run(&info);
}

_Noreturn void hv_main(const void *tree, u64 length)
{
	exceptions_catch();
	stack_guard_seed(random_word());
	fatal_set(panic_end);
	messages_keep();
	take_handoff(tree, length);
	find_machine();
	must(layout_choose(&info));
	say("hypervisor: carve-out 0x%lx, %lu MiB", layout.carve.base, layout.carve.length >> 20);
	tell_last_run();
	add_processors();
	must(layout_build(&info, &machine_acpi));
	smp_prepare(layout.low, layout.paging.root);
	layout_load();
	cpu_load(smp.cpu[0]);
	run_on_stack(cpu_area_end(smp.cpu[0], AREA_STACK), start_processors);
}
