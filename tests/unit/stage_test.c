/* The stage's course on a fake machine: what starts, what is refused and why, and in which order things happen. */
#include "secureboot/stage.h"

#include "image/events.h"
#include "lib/bytes.h"
#include "lib/print.h"
#include "secureboot/version.h"
#include "tests/adversarial/forge.h"
#include "tests/sim/fake_nv.h"
#include "tests/unit/fake_machine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

static struct forge forged[SLOTS];
static u8 loaded[SLOTS][FORGE_IMAGE_MAX];

static struct platform platform;
static struct anchor anchor;
static struct power power;
static struct fake_nv nv;
static struct nv_store store;
static struct stage_result result;

static enum err (*real_write)(void *context, enum nv_index index, const u8 *bytes, size_t size);

static enum err noted_write(void *context, enum nv_index index, const u8 *bytes, size_t size)
{
	machine_note('w');
	return real_write(context, index, bytes, size);
}

/* A payload whose first component starts as a hypervisor does. */
static void write_hypervisor_header(struct forge *f, u32 entry)
{
	u8 *p = f->payload;

	memset(p, 0, HYPERVISOR_HEADER_SIZE);
	memcpy(p, HYPERVISOR_MAGIC, MAGIC_SIZE);
	store_le32(p + 8, HANDOFF_VERSION);
	store_le32(p + 12, entry);
	store_le64(p + 16, f->manifest.components[0].length);
	store_le64(p + 24, f->manifest.components[0].memory_length);
}

static void load(u8 slot)
{
	forge_seal(&forged[slot]);
	memcpy(loaded[slot], forged[slot].image, forged[slot].layout.image_length);
	platform.loaded.slot[slot] = (struct blob){ .bytes = loaded[slot], .length = forged[slot].layout.image_length };
}

static void forge_slot(u8 slot, const char *name, u32 svn)
{
	struct forge *f = &forged[slot];

	forge_init(f);
	f->manifest.min_stage_version = STAGE_VERSION;
	f->manifest.svn = svn;
	memset(f->manifest.release, 0, sizeof(f->manifest.release));
	strcpy(f->manifest.release, name);
	f->manifest.components[0].memory_length += 10000;
	write_hypervisor_header(f, 64);
	load(slot);
}

static int set_up(void **state)
{
	(void)state;
	fake_machine_reset();
	memset(&nv, 0, sizeof(nv));
	power_on(&power, 0, TEAR_BEFORE);
	nv.power = &power;
	nv.writable = true;
	platform = fake_platform();
	forge_slot(SLOT_A, "1.0", 12);
	forge_slot(SLOT_B, "0.9", 11);
	anchor = (struct anchor){ .hardware_class = "server-1", .keys = forged[SLOT_A].anchor };
	memset(anchor.digest, 0x5A, sizeof(anchor.digest));
	return 0;
}

static enum err run(void)
{
	store = fake_nv_store(&nv);
	real_write = store.write;
	store.write = noted_write;
	memset(&result, 0, sizeof(result));
	return stage_run(&platform, &anchor, &store, &result);
}

static void assert_said(const char *line)
{
	if (!strstr(machine.said, line))
		fail_msg("not said: %s\nbut: %s", line, machine.said);
}

static void assert_started(u8 slot, enum boot_reason reason)
{
	const struct forge *f = &forged[slot];
	const u8 *hypervisor = (const u8 *)result.entry - 64;
	u64 length = f->manifest.components[0].length;

	assert_int_equal(result.choice.slot, slot);
	assert_int_equal(result.choice.reason, reason);
	assert_int_equal(machine.finished, 1);
	assert_true(is_aligned((u64)hypervisor, MIB(2)));
	assert_memory_equal(hypervisor, f->payload, length);
	assert_true(bytes_are_zero(hypervisor + length, f->manifest.components[0].memory_length - length));
}

static void assert_not_started(void)
{
	assert_int_equal(machine.finished, 0);
	assert_int_equal(result.entry, 0);
}

/* A provisioned state that knows both slots' images. */
static void provision(enum slot_state a, enum slot_state b, u64 image_floor)
{
	struct boot_state s = { .sequence = 5, .image_floor = image_floor, .key_floor = 1 };
	enum slot_state states[SLOTS] = { a, b };
	u8 floor[FLOOR_RECORD_SIZE];

	for (u8 i = 0; i < SLOTS; i++) {
		const struct forge *f = &forged[i];

		s.slot[i].state = states[i];
		s.slot[i].tries = states[i] == SLOT_TRYING ? 1 : 0;
		sha384_of(f->image + f->layout.manifest_offset, f->layout.manifest_length, s.slot[i].digest);
	}
	boot_state_encode(&s, nv.bytes[NV_STATE_0]);
	floor_encode(image_floor, floor);
	memcpy(nv.bytes[NV_IMAGE_FLOOR], floor, sizeof(floor));
	floor_encode(1, floor);
	memcpy(nv.bytes[NV_KEY_FLOOR], floor, sizeof(floor));
	nv.written[NV_STATE_0] = nv.written[NV_IMAGE_FLOOR] = nv.written[NV_KEY_FLOOR] = true;
}

static void the_newest_of_two_starts_without_a_state(void **state)
{
	(void)state;
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_UNPROVISIONED);
	assert_int_equal(nv.writes, 0);
	assert_string_equal(machine.course, "mf");
	assert_said("signet: not provisioned: ");
	assert_said("signet: slot a: release 1.0 svn 12: good\n");
	assert_said("signet: slot b: release 0.9 svn 11: good\n");
	assert_said("signet: starting slot a (unprovisioned): release 1.0 svn 12\n");
}

static void measures_what_is_foretold(void **state)
{
	(void)state;
	static struct verified_image image;
	struct event want[6];

	forge_rotate(&forged[SLOT_A], FORGE_ROOTS);
	load(SLOT_A);
	assert_int_equal(run(), OK);
	assert_int_equal(forge_verify(&forged[SLOT_A], &image), OK);
	event_of_stage(&anchor, STAGE_VERSION, &want[0]);
	event_of_keys(1, anchor.keys.digest, &want[1]);
	event_of_keys(2, image.keys.digest, &want[2]);
	event_of_manifest(&image, &want[3]);
	event_of_component(&image.manifest.components[0], &want[4]);
	event_of_component(&image.manifest.components[1], &want[5]);
	assert_int_equal(machine.events, 10);
	for (u32 i = 0; i < 6; i++) {
		assert_int_equal(machine.pcr[i], PCR_IMAGE);
		assert_memory_equal(&machine.event[i], &want[i], sizeof(want[i]));
	}
	assert_int_equal(machine.event[6].kind, EVENT_SEPARATOR);
	assert_int_equal(machine.pcr[6], PCR_IMAGE);
}

static void measures_its_decisions(void **state)
{
	(void)state;
	static const enum event_kind kinds[] = { EVENT_SLOT, EVENT_NV_STATE, EVENT_FIRMWARE };
	const struct event *e;
	u8 digest[SHA384_SIZE];

	provision(SLOT_GOOD, SLOT_GOOD, 10);
	assert_int_equal(run(), OK);
	e = &machine.event[machine.events - 3];
	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(machine.pcr[machine.events - 3 + i], PCR_DECISIONS);
		assert_int_equal(e[i].kind, kinds[i]);
	}
	assert_int_equal(e[0].value[0], SLOT_A);
	assert_int_equal(e[0].value[1], REASON_GOOD);
	sha384_of(nv.bytes[NV_STATE_0], STATE_RECORD_SIZE, digest);
	assert_memory_equal(e[1].digest, digest, SHA384_SIZE);
	assert_int_equal(e[1].value[0], 10);
	assert_int_equal(e[1].value[1], 1);
	assert_string_equal(e[1].text, "provisioned, writable");
	assert_int_equal(e[2].value[0], 1);
	assert_int_equal(e[2].value[1], 1);
	assert_int_equal(nv.writes, 0);
}

static void a_bad_signature_costs_nothing_but_the_slot(void **state)
{
	(void)state;
	u32 whole;

	assert_int_equal(run(), OK);
	whole = machine.allocations;
	set_up(state);
	loaded[SLOT_A][forged[SLOT_A].layout.manifest_offset + 84] ^= 1;
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_UNPROVISIONED);
	assert_said("signet: slot a: refused 15: a signature of a known key is wrong\n");
	/* Not one component of it was placed. */
	assert_int_equal(machine.allocations, whole);
}

static void a_flipped_bit_in_any_component_is_refused(void **state)
{
	for (u32 i = 0; i < 2; i++) {
		const struct forge *f = &forged[SLOT_A];

		set_up(state);
		loaded[SLOT_A][f->layout.payload_offset + f->manifest.components[i].offset + 200] ^= 4;
		assert_int_equal(run(), OK);
		assert_started(SLOT_B, REASON_UNPROVISIONED);
		assert_said("signet: slot a: refused 21: ");
		assert_int_equal(machine.live, 4); /* workspace, two components of b, tree: nothing of a is left */
	}
}

static void nothing_starts_when_both_are_bad(void **state)
{
	(void)state;
	loaded[SLOT_A][forged[SLOT_A].layout.payload_offset] ^= 1;
	loaded[SLOT_B][0] ^= 1;
	assert_int_equal(run(), ERR_BOOT_NO_SLOT);
	assert_not_started();
	assert_int_equal(machine.events, 0);
	assert_said("signet: slot a: refused 21: ");
	assert_said("signet: slot b: refused 10: ");
}

static void partitions_that_were_not_loaded_hold_no_image(void **state)
{
	(void)state;
	platform.loaded.slot[SLOT_A] = (struct blob){ 0 };
	platform.loaded.slot[SLOT_B].length = IMAGE_HEADER_SIZE - 1;
	assert_int_equal(run(), ERR_BOOT_NO_SLOT);
	assert_said("signet: slot a: refused 10: ");
	assert_said("signet: slot b: refused 10: ");
	/* One byte short of the image is not absent, but too long for its slot. */
	set_up(state);
	platform.loaded.slot[SLOT_A].length--;
	assert_int_equal(run(), OK);
	assert_said("signet: slot a: refused 12: ");
	assert_started(SLOT_B, REASON_UNPROVISIONED);
}

static void a_hypervisor_without_its_header_is_refused(void **state)
{
	static const struct {
		u32 offset;
		u8 flip;
	} damage[] = { { 0, 1 }, { 8, 3 }, { 12, 64 }, { 15, 1 }, { 16, 1 }, { 24, 1 }, { 63, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		set_up(state);
		forged[SLOT_A].payload[damage[i].offset] ^= damage[i].flip;
		load(SLOT_A);
		assert_int_equal(run(), OK);
		assert_said("signet: slot a: refused 31: ");
		assert_started(SLOT_B, REASON_UNPROVISIONED);
	}
}

static void a_fixed_address_is_kept_or_the_slot_refused(void **state)
{
	(void)state;
	forged[SLOT_A].manifest.components[1].load_address = MIB(16);
	load(SLOT_A);
	assert_int_equal(run(), OK);
	assert_said("signet: slot a: refused 62: ");
	assert_started(SLOT_B, REASON_UNPROVISIONED);
	set_up(state);
	forged[SLOT_A].manifest.components[1].load_address = MIB(16);
	load(SLOT_A);
	machine.fixed_address = MIB(16);
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_UNPROVISIONED);
}

static void a_try_is_counted_before_anything_is_measured(void **state)
{
	(void)state;
	struct boot_state s;

	provision(SLOT_STAGED, SLOT_GOOD, 10);
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_TRIAL);
	assert_string_equal(machine.course, "wmf");
	assert_int_equal(boot_state_decode(nv.bytes[NV_STATE_1], STATE_RECORD_SIZE, &s), OK);
	assert_int_equal(s.slot[SLOT_A].state, SLOT_TRYING);
	assert_int_equal(s.slot[SLOT_A].tries, TRIES_MAX - 1);
	assert_int_equal(result.nv.state.sequence, 6);
	assert_said("signet: starting slot a (trial): ");
}

static void a_try_that_cannot_be_counted_is_not_started(void **state)
{
	(void)state;
	provision(SLOT_STAGED, SLOT_GOOD, 10);
	nv.refuses = true;
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_GOOD);
	assert_false(result.nv.writable);
	assert_said("signet: boot state not written: 47: ");
	assert_int_equal(machine.live, 4);
}

static void a_read_only_state_starts_no_trial(void **state)
{
	(void)state;
	provision(SLOT_STAGED, SLOT_GOOD, 10);
	nv.writable = false;
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_GOOD);
	assert_string_equal(machine.course, "mf");
	assert_said("read-only: no trials");
}

static void a_trial_whose_content_is_bad_is_recorded(void **state)
{
	(void)state;
	struct boot_state s;

	provision(SLOT_STAGED, SLOT_GOOD, 10);
	loaded[SLOT_A][forged[SLOT_A].layout.payload_offset + 4000] ^= 1;
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_GOOD);
	assert_int_equal(boot_state_decode(nv.bytes[NV_STATE_1], STATE_RECORD_SIZE, &s), OK);
	assert_int_equal(s.slot[SLOT_A].state, SLOT_BAD);
	assert_int_equal(s.slot[SLOT_A].cause, CAUSE_VERIFICATION);
}

static void the_floor_holds(void **state)
{
	(void)state;
	provision(SLOT_GOOD, SLOT_GOOD, 12);
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_GOOD);
	assert_said("signet: slot b: refused 22: ");
	set_up(state);
	provision(SLOT_GOOD, SLOT_GOOD, 13);
	assert_int_equal(run(), ERR_BOOT_NO_SLOT);
	assert_said("(release 1.0 svn 12)");
	assert_not_started();
}

static void a_foreign_or_damaged_state_stops(void **state)
{
	(void)state;
	provision(SLOT_GOOD, SLOT_GOOD, 10);
	nv.fault[NV_KEY_FLOOR] = ERR_NV_FOREIGN;
	assert_int_equal(run(), ERR_NV_FOREIGN);
	assert_not_started();
	nv.fault[NV_KEY_FLOOR] = OK;
	nv.written[NV_KEY_FLOOR] = false;
	assert_int_equal(run(), ERR_NV_DAMAGED);
	assert_not_started();
	nv.written[NV_KEY_FLOOR] = true;
	assert_int_equal(run(), OK);
}

static void what_cannot_be_measured_is_not_started(void **state)
{
	(void)state;
	machine.measure_fails = ERR_BOOT_MEASURE;
	assert_int_equal(run(), ERR_BOOT_MEASURE);
	assert_not_started();
}

static void a_firmware_that_does_not_let_go_stops(void **state)
{
	(void)state;
	machine.finish_fails = ERR_BOOT_FIRMWARE;
	assert_int_equal(run(), ERR_BOOT_FIRMWARE);
	assert_int_equal(result.entry, 0);
}

static u32 change_at;

/* Another agent writes to the loaded slot while the stage works: at its n-th allocation. */
static void change_slot(u32 which)
{
	const struct forge *f = &forged[SLOT_A];

	if (which != change_at)
		return;
	memset(loaded[SLOT_A], 0xFF, IMAGE_HEADER_SIZE);
	loaded[SLOT_A][f->layout.payload_offset + 300] ^= 1;
}

static void what_was_verified_is_what_runs(void **state)
{
	(void)state;
	/* Allocations: 1 workspace, 2 hypervisor, 3 fleet configuration, 4 tree. Before its copy: refused. */
	machine.on_allocate = change_slot;
	change_at = 2;
	assert_int_equal(run(), OK);
	assert_said("signet: slot a: refused 21: ");
	assert_started(SLOT_B, REASON_UNPROVISIONED);
	/* After: without effect. */
	set_up(state);
	machine.on_allocate = change_slot;
	change_at = 3;
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_UNPROVISIONED);
}

static void the_tree_tells_of_the_boot(void **state)
{
	(void)state;
	const void *tree;
	int length;

	assert_int_equal(run(), OK);
	tree = result.handoff.bytes;
	assert_int_equal(fdt_check_header(tree), 0);
	assert_int_equal(result.handoff.length, fdt_totalsize(tree));
	assert_string_equal(fdt_getprop(tree, fdt_path_offset(tree, "/stage"), "slot", &length), "a");
	assert_string_equal(fdt_getprop(tree, fdt_path_offset(tree, "/image"), "release", &length), "1.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_newest_of_two_starts_without_a_state, set_up),
		cmocka_unit_test_setup(measures_what_is_foretold, set_up),
		cmocka_unit_test_setup(measures_its_decisions, set_up),
		cmocka_unit_test_setup(a_bad_signature_costs_nothing_but_the_slot, set_up),
		cmocka_unit_test_setup(a_flipped_bit_in_any_component_is_refused, set_up),
		cmocka_unit_test_setup(nothing_starts_when_both_are_bad, set_up),
		cmocka_unit_test_setup(partitions_that_were_not_loaded_hold_no_image, set_up),
		cmocka_unit_test_setup(a_hypervisor_without_its_header_is_refused, set_up),
		cmocka_unit_test_setup(a_fixed_address_is_kept_or_the_slot_refused, set_up),
		cmocka_unit_test_setup(a_try_is_counted_before_anything_is_measured, set_up),
		cmocka_unit_test_setup(a_try_that_cannot_be_counted_is_not_started, set_up),
		cmocka_unit_test_setup(a_read_only_state_starts_no_trial, set_up),
		cmocka_unit_test_setup(a_trial_whose_content_is_bad_is_recorded, set_up),
		cmocka_unit_test_setup(the_floor_holds, set_up),
		cmocka_unit_test_setup(a_foreign_or_damaged_state_stops, set_up),
		cmocka_unit_test_setup(what_cannot_be_measured_is_not_started, set_up),
		cmocka_unit_test_setup(a_firmware_that_does_not_let_go_stops, set_up),
		cmocka_unit_test_setup(what_was_verified_is_what_runs, set_up),
		cmocka_unit_test_setup(the_tree_tells_of_the_boot, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
