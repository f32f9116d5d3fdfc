/* What the stage measures of an image and of its decisions: every event, whole, or nothing is said to be measured. */
#include "secureboot/measure.h"

#include "lib/bytes.h"
#include "secureboot/version.h"
#include "tests/unit/fake_machine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { KEYS = 3, COMPONENTS = 3, IMAGE_EVENTS = 1 + KEYS + 1 + COMPONENTS + 1, DECISION_EVENTS = 3 };

static struct platform platform;
static struct anchor anchor;
static struct slot slot;
static struct nv_view nv;
static struct boot_choice choice;

static int set_up(void **state)
{
	struct manifest *m = &slot.image.manifest;

	(void)state;
	fake_machine_reset();
	platform = fake_platform();
	memset(&slot, 0, sizeof(slot));
	slot.key_count = KEYS;
	for (u32 i = 0; i < KEYS; i++) {
		slot.key[i].version = i + 4;
		memset(slot.key[i].digest, (int)i + 0x40, SHA384_SIZE);
	}
	m->component_count = COMPONENTS;
	for (u32 i = 0; i < COMPONENTS; i++) {
		m->components[i] = (struct component){ .kind = (enum component_kind)(i + 1), .length = i + 100 };
		memset(m->components[i].digest, (int)i + 0x50, SHA384_SIZE);
	}
	memset(slot.image.manifest_digest, 0x60, SHA384_SIZE);
	strcpy(m->product, "signet");
	strcpy(m->release, "1.2");
	m->svn = 21;
	m->flags = IMAGE_DEBUG;
	anchor = (struct anchor){ .flags = IMAGE_DEVELOPMENT };
	memset(anchor.digest, 0x70, SHA384_SIZE);
	nv = (struct nv_view){ .status = NV_PROVISIONED, .writable = true, .image_floor = 7, .key_floor = 2 };
	nv.state.sequence = 9;
	choice = (struct boot_choice){ .slot = SLOT_B, .reason = REASON_TRIAL };
	return 0;
}

static enum err image(void)
{
	return measure_image(&platform, &anchor, &slot);
}

static enum err decisions(void)
{
	return measure_decisions(&platform, &nv, &choice, &slot.image);
}

/* The one that fails is the last that is asked for, though all others would be measured. */
static void each_must_be_measured(enum err (*what)(void), u32 events)
{
	for (u32 i = 0; i < events; i++) {
		set_up(NULL);
		machine.measure_fails = ERR_BOOT_MEASURE;
		machine.fails_at = i;
		assert_int_equal(what(), ERR_BOOT_MEASURE);
		assert_int_equal(machine.measurements, i + 1);
	}
	set_up(NULL);
	assert_int_equal(what(), OK);
	assert_int_equal(machine.events, events);
}

static void an_event_that_fails_fails_all(void **state)
{
	(void)state;
	each_must_be_measured(image, IMAGE_EVENTS);
	each_must_be_measured(decisions, DECISION_EVENTS);
}

static void assert_event(u32 at, enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text)
{
	static const u8 none[SHA384_SIZE];
	const struct event *e = &machine.event[at];

	assert_int_equal(machine.pcr[at], PCR_IMAGE);
	assert_int_equal(e->kind, kind);
	assert_memory_equal(e->digest, digest ? digest : none, SHA384_SIZE);
	assert_int_equal(e->value[0], first);
	assert_int_equal(e->value[1], second);
	assert_string_equal(e->text, text);
}

/* By docs/measurements.md, not by the code that foretells them: it is the same as the stage's. */
static void every_part_of_the_boot_chain_is_measured(void **state)
{
	static const char *const names[COMPONENTS] = { "hypervisor", "service-kernel", "service-initramfs" };
	u32 at = 0;

	(void)state;
	assert_int_equal(image(), OK);
	assert_event(at++, EVENT_STAGE, anchor.digest, STAGE_VERSION, IMAGE_DEVELOPMENT, "stage");
	for (u32 i = 0; i < KEYS; i++)
		assert_event(at++, EVENT_KEYS, slot.key[i].digest, i + 4, 0, "key manifest");
	assert_event(at++, EVENT_MANIFEST, slot.image.manifest_digest, 21, IMAGE_DEBUG, "signet 1.2");
	for (u32 i = 0; i < COMPONENTS; i++)
		assert_event(at++, EVENT_COMPONENT, slot.image.manifest.components[i].digest, i + 1, i + 100, names[i]);
	assert_event(at++, EVENT_SEPARATOR, NULL, 0, 0, "separator");
	assert_int_equal(at, machine.events);
}

static void the_slot_tells_which_image_and_why(void **state)
{
	const struct event *e = machine.event;

	(void)state;
	assert_int_equal(decisions(), OK);
	assert_int_equal(e->kind, EVENT_SLOT);
	assert_memory_equal(e->digest, slot.image.manifest_digest, SHA384_SIZE);
	assert_int_equal(e->value[0], SLOT_B);
	assert_int_equal(e->value[1], REASON_TRIAL);
	assert_string_equal(e->text, "trial");
	for (u32 i = 0; i < DECISION_EVENTS; i++)
		assert_int_equal(machine.pcr[i], PCR_DECISIONS);
}

static void only_a_state_that_was_found_has_a_digest(void **state)
{
	static const struct {
		enum nv_status status;
		bool writable;
		const char *text;
	} rows[] = {
		{ NV_PROVISIONED, true, "provisioned, writable" },
		{ NV_PROVISIONED, false, "provisioned, not writable" },
		{ NV_UNPROVISIONED, true, "unprovisioned, writable" },
		{ NV_STATE_LOST, false, "state lost, not writable" },
	};
	u8 record[STATE_RECORD_SIZE], digest[SHA384_SIZE];

	boot_state_encode(&nv.state, record);
	sha384_of(record, sizeof(record), digest);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct event *e = &machine.event[1];

		set_up(state);
		nv.status = rows[i].status;
		nv.writable = rows[i].writable;
		assert_int_equal(decisions(), OK);
		assert_string_equal(e->text, rows[i].text);
		assert_int_equal(e->value[0], 7);
		assert_int_equal(e->value[1], 2);
		if (nv.status == NV_PROVISIONED)
			assert_memory_equal(e->digest, digest, SHA384_SIZE);
		else
			assert_true(bytes_are_zero(e->digest, SHA384_SIZE));
	}
}

static void the_firmware_is_as_it_was_found(void **state)
{
	static const struct {
		bool uefi, secure_boot;
		const char *text;
	} rows[] = {
		{ true, true, "UEFI, Secure Boot on" },
		{ true, false, "UEFI, Secure Boot off" },
		{ false, false, "BIOS, nothing before the stage was measured" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct event *e = &machine.event[2];

		set_up(state);
		platform.uefi = rows[i].uefi;
		platform.secure_boot = rows[i].secure_boot;
		assert_int_equal(decisions(), OK);
		assert_int_equal(e->kind, EVENT_FIRMWARE);
		assert_string_equal(e->text, rows[i].text);
		assert_int_equal(e->value[0], rows[i].uefi);
		assert_int_equal(e->value[1], rows[i].secure_boot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_event_that_fails_fails_all, set_up),
		cmocka_unit_test_setup(every_part_of_the_boot_chain_is_measured, set_up),
		cmocka_unit_test_setup(the_slot_tells_which_image_and_why, set_up),
		cmocka_unit_test_setup(only_a_state_that_was_found_has_a_digest, set_up),
		cmocka_unit_test_setup(the_firmware_is_as_it_was_found, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
