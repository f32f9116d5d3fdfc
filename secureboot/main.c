/*
 * The stage on a real machine: everything around the pure part, from the entry code to the jump.
 * Trust: in the TCB.
 */
#include "secureboot/console.h"
#include "secureboot/cpu.h"
#include "secureboot/platform_bios.h"
#include "secureboot/platform_efi.h"
#include "secureboot/stage.h"
#include "secureboot/stop.h"
#include "secureboot/version.h"

#include "lib/bytes.h"
#include "lib/fatal.h"
#include "lib/stack_guard.h"
#include "update/authority.h"
#include "update/nv_tpm.h"

#include <string.h>

enum { TEXT_FRAMEBUFFER = 2 };

/* The larger part of the state, in platform memory as well: it would double the stage's size. */
struct state {
	struct anchor anchor;
	struct authority authority;
	struct nv_tpm nv;
};

extern const u8 anchor_bytes[ANCHOR_SIZE];
/* entry.S: the BIOS path's first page tables; free once the final ones are in force, and never used under UEFI. */
extern u8 early_tables[];
enum { EARLY_TABLES_SIZE = 6 * 4096 };

_Noreturn void stage_main(u32 magic, const u8 *information, u32 uefi);

static _Noreturn void stop_for_good(void)
{
	halt();
}

static void need(enum err e)
{
	if (e)
		stop(e);
}

static struct blob module_blob(const struct multiboot2 *info, const char *name)
{
	enum err e;
	const struct multiboot2_module *module = multiboot2_find(info, name, &e);

	need(e);
	return module ? (struct blob){ .bytes = (const u8 *)module->start, .length = module->length }
	              : (struct blob){ 0 };
}

static void start_screen(const struct multiboot2 *info, bool uefi)
{
	if (uefi)
		need(platform_efi_start(info));
	else if (!info->framebuffer.present || info->framebuffer.kind == TEXT_FRAMEBUFFER)
		console_vga();
}

static void find_machine(
        const struct multiboot2 *info, struct memory_range information, bool uefi, struct machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	machine->platform.loaded.slot[SLOT_A] = module_blob(info, "slot-a");
	machine->platform.loaded.slot[SLOT_B] = module_blob(info, "slot-b");
	machine->platform.loaded.authority = module_blob(info, "authority");
	need(uefi ? platform_efi_init(machine) : platform_bios_init(info, information, machine));
	crypto_heap_init(early_tables, EARLY_TABLES_SIZE);
}

/* Without a usable authority the state can still be read; why it is not usable is said, as no trial will start. */
static const struct authority *find_authority(const struct blob *loaded, struct authority *out)
{
	enum err e;

	/* Not there, or blank until the machine is enrolled. */
	if (loaded->length < MAGIC_SIZE || bytes_are_zero(loaded->bytes, MAGIC_SIZE))
		return NULL;
	e = authority_parse(loaded->bytes, loaded->length, out);
	if (!e)
		return out;
	say("no write authority: %u: %s", (u32)e, err_text(e));
	return NULL;
}

static void run(const struct machine *machine, struct state *state, struct stage_result *result)
{
	const struct authority *authority = find_authority(&machine->platform.loaded.authority, &state->authority);

	need(nv_tpm_init(&state->nv, machine->tpm, key_set_policy_key(&state->anchor.keys), authority));
	if (authority && !state->nv.authority)
		say("the write authority is another node's: no trials");
	need(stage_run(&machine->platform, &state->anchor, &state->nv.store, result));
}

static struct state *make_state(const struct machine *machine)
{
	u8 *memory;

	need(machine->platform.allocate(0, sizeof(struct state), PAGE_SIZE, &memory));
	return memset(memory, 0, sizeof(struct state));
}

_Noreturn void stage_main(u32 magic, const u8 *information, u32 uefi)
{
	struct memory_range range = { .base = (u64)information, .length = load_le32(information) };
	struct multiboot2 info;
	struct machine machine;
	struct stage_result result;
	struct state *state;
	u64 entered = read_time_stamp();

	stack_guard_seed(machine_random());
	fatal_set(stop_for_good);
	console_serial(SERIAL_PORT_DEFAULT, SERIAL_BAUD_DEFAULT);
	if (!uefi)
		machine_take_over();
	need(magic == MULTIBOOT2_MAGIC && range.length <= MULTIBOOT2_SIZE_MAX ? OK : ERR_BOOT_LOADER);
	need(multiboot2_parse(information, range.length, &info));
	start_screen(&info, uefi);
	say("stage %u, started by %s", STAGE_VERSION, uefi ? "UEFI" : "BIOS: firmware is not measured");
	find_machine(&info, range, uefi, &machine);
	machine.platform.entered = entered;
	state = make_state(&machine);
	need(anchor_parse(anchor_bytes, &state->anchor));
	console_serial(state->anchor.serial_port, state->anchor.serial_baud);
	run(&machine, state, &result);
	enter_hypervisor(result.entry, (u64)result.handoff.bytes, result.handoff.length, machine.page_tables);
}
