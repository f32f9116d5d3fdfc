/* The stage's course on a fake machine: what starts, what is refused and why, and in which order things happen. */
#include "image/events.h"
#include "tests/unit/stage_bed.h"

#include <libfdt.h>

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

/* Memory may fail a good image; the operator's policy is no fault of it, and says so. */
static void a_trial_is_condemned_for_its_image_alone(void **state)
{
	(void)state;
	struct boot_state s;

	forged[SLOT_A].manifest.components[1].load_address = MIB(16);
	load(SLOT_A);
	provision(SLOT_STAGED, SLOT_GOOD, 10);
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_GOOD);
	assert_int_equal(nv.writes, 0);
	set_up(state);
	forged[SLOT_A].manifest.min_stage_version++;
	load(SLOT_A);
	provision(SLOT_STAGED, SLOT_GOOD, 10);
	assert_int_equal(run(), OK);
	assert_started(SLOT_B, REASON_GOOD);
	assert_int_equal(boot_state_decode(nv.bytes[NV_STATE_1], STATE_RECORD_SIZE, &s), OK);
	assert_int_equal(s.slot[SLOT_A].state, SLOT_BAD);
	assert_int_equal(s.slot[SLOT_A].cause, CAUSE_REFUSED);
}

static void a_last_resort_is_placed_once(void **state)
{
	(void)state;
	loaded[SLOT_B][0] ^= 1;
	provision(SLOT_STAGED, SLOT_BAD, 10);
	nv.refuses = true;
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_LAST_RESORT);
	assert_int_equal(machine.allocations, 4);
}

static void a_failed_slot_is_told_of(void **state)
{
	for (u8 bad = 0; bad < SLOTS; bad++) {
		set_up(state);
		provision(bad == SLOT_A ? SLOT_BAD : SLOT_GOOD, bad == SLOT_B ? SLOT_BAD : SLOT_GOOD, 10);
		assert_int_equal(run(), OK);
		assert_started(bad == SLOT_A ? SLOT_B : SLOT_A, REASON_GOOD);
		assert_said(bad == SLOT_A ? "signet: slot a: bad: " : "signet: slot b: bad: ");
		assert_null(strstr(machine.said, bad == SLOT_A ? "slot b: bad" : "slot a: bad"));
	}
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

static void a_lost_state_starts_the_newest_and_says_so(void **state)
{
	(void)state;
	provision(SLOT_GOOD, SLOT_GOOD, 12);
	nv.bytes[NV_STATE_0][100] ^= 1;
	assert_int_equal(run(), OK);
	assert_started(SLOT_A, REASON_STATE_LOST);
	assert_said("signet: boot state lost: ");
	/* Above the floors, which hold. */
	assert_said("signet: slot b: refused 22: ");
	assert_int_equal(nv.writes, 0);
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

/* Whichever event it is, though every other one is measured. */
static void what_cannot_be_measured_is_not_started(void **state)
{
	for (u32 i = 0; i < 9; i++) {
		set_up(state);
		machine.measure_fails = ERR_BOOT_MEASURE;
		machine.fails_at = i;
		assert_int_equal(run(), ERR_BOOT_MEASURE);
		assert_not_started();
		assert_int_equal(machine.measurements, i + 1);
	}
	set_up(state);
	assert_int_equal(run(), OK);
	assert_int_equal(machine.measurements, 9);
}

/* Neither the workspace nor the tree; what a slot lacks refuses the slot. */
static void nothing_starts_without_memory(void **state)
{
	for (u32 i = 1; i <= 4; i++) {
		bool whole_boot = i == 1 || i == 4;

		set_up(state);
		machine.no_memory_at = i;
		assert_int_equal(run(), whole_boot ? ERR_BOOT_MEMORY : OK);
		if (whole_boot)
			assert_not_started();
		else
			assert_started(SLOT_B, REASON_UNPROVISIONED);
	}
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
		cmocka_unit_test_setup(a_trial_is_condemned_for_its_image_alone, set_up),
		cmocka_unit_test_setup(a_last_resort_is_placed_once, set_up),
		cmocka_unit_test_setup(a_failed_slot_is_told_of, set_up),
		cmocka_unit_test_setup(the_floor_holds, set_up),
		cmocka_unit_test_setup(a_lost_state_starts_the_newest_and_says_so, set_up),
		cmocka_unit_test_setup(a_foreign_or_damaged_state_stops, set_up),
		cmocka_unit_test_setup(what_cannot_be_measured_is_not_started, set_up),
		cmocka_unit_test_setup(nothing_starts_without_memory, set_up),
		cmocka_unit_test_setup(a_firmware_that_does_not_let_go_stops, set_up),
		cmocka_unit_test_setup(what_was_verified_is_what_runs, set_up),
		cmocka_unit_test_setup(the_tree_tells_of_the_boot, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
