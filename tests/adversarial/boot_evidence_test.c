/*
 * Attacks on what a boot may be (catalogue, rows 11, 22, 23, 28, 30): an honest TPM's evidence of images, decisions, NV
 * state and firmware that must not pass, each with the verdict that names it, beside the good boot it differs from in
 * one thing.
 */
#include "tests/adversarial/scene.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct scene s;

static int set_up(void **state)
{
	(void)state;
	scene_init(&s);
	return scene_judge(&s) == VERDICT_GOOD ? 0 : -1;
}

static void restart_log(void)
{
	scene_firmware(&s);
	scene_image(&s);
}

/* One event of PCR12 as an event of firmware's. */
static void restart_log_with(u32 foreign)
{
	u8 tagged[EVENT_TAGGED_SIZE];
	struct event e;

	scene_firmware(&s);
	for (u32 i = 0; i < reference_event_count(&s.reference); i++) {
		reference_event(&s.reference, i, FORGE_STAGE_VERSION, &e);
		event_encode(&e, tagged);
		scene_measure(&s, PCR_IMAGE, i == foreign ? 1 : EV_EVENT_TAG, tagged, sizeof(tagged));
	}
	scene_decisions(&s);
}

static void images_are_the_signed_ones(void **state)
{
	(void)state;
	struct event e;
	s.claim.manifest[0] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_OTHER);
	/* Nor when the slot's event says the same. */
	restart_log();
	memcpy(s.reference.image.manifest_digest, s.claim.manifest, SHA384_SIZE);
	scene_decisions(&s);
	s.reference.image.manifest_digest[0] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_OTHER);
	s.claim.manifest[0] ^= 1;
	restart_log();
	scene_decisions(&s);
	/* A component changed before it was measured. */
	s.reference.image.manifest.components[0].digest[0] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_MEASURED);
	assert_true(s.result.difference.known);
	assert_memory_not_equal(s.result.difference.expected, s.result.difference.found, SHA256_SIZE);
	s.reference.image.manifest.components[0].digest[0] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	/* One event more behind the separator. */
	event_init(&e, EVENT_COMPONENT, "more");
	scene_event(&s, PCR_IMAGE, &e);
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_MEASURED);
	assert_true(bytes_are_zero(s.result.difference.expected, SHA256_SIZE));
	/* The right bytes under another type, which says that they are something else. */
	for (u32 i = 0; i < 2; i++) {
		restart_log_with(i);
		assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_MEASURED);
	}
	/* The separator missing. */
	scene_firmware(&s);
	for (u32 i = 0; i + 1 < reference_event_count(&s.reference); i++) {
		reference_event(&s.reference, i, FORGE_STAGE_VERSION, &e);
		scene_event(&s, PCR_IMAGE, &e);
	}
	scene_decisions(&s);
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_MEASURED);
}

static void old_and_development_images(void **state)
{
	(void)state;
	s.node.image_floor = 13;
	assert_int_equal(scene_judge(&s), VERDICT_IMAGE_FLOOR);
	/* At the floor, which the TPM certifies too. */
	s.node.image_floor = 12;
	floor_encode(12, s.nv_content[NV_IMAGE_FLOOR]);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	s.node.image_floor = 10;
	s.node.key_floor = 2;
	assert_int_equal(scene_judge(&s), VERDICT_IMAGE_FLOOR);
	s.node.key_floor = 1;
	s.reference.image.manifest.expiry = FORGE_CREATED + 500;
	assert_int_equal(scene_judge(&s), VERDICT_IMAGE_EXPIRED);
	s.terms.now = FORGE_CREATED + 400;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.reference.image.manifest.flags = IMAGE_DEVELOPMENT;
	assert_int_equal(scene_judge(&s), VERDICT_IMAGE_DEVELOPMENT);
}

/* What each decision must say: the log is made anew with one of them changed. */
static void decisions_are_judged(void **state)
{
	(void)state;
	static const struct {
		enum event_kind kind;
		u32 first, second;
		enum verdict verdict;
	} rows[] = {
		{ EVENT_NV_STATE, 10, 1, VERDICT_UNPROVISIONED }, /* no state record's digest */
		{ EVENT_FIRMWARE, 0, 0, VERDICT_FIRMWARE_UNMEASURED },
		{ EVENT_FIRMWARE, 1, 0, VERDICT_SECURE_BOOT },
		{ EVENT_SLOT, 1, 3, VERDICT_IMAGE_OTHER }, /* no manifest's digest */
		{ EVENT_SESSION, 0, 0, VERDICT_SESSION },
		{ EVENT_GATE, 1, 1, VERDICT_UNGATED },
		{ EVENT_DMA, 0, 0, VERDICT_DMA },
	};
	static const enum event_kind order[] = { EVENT_SLOT, EVENT_NV_STATE, EVENT_FIRMWARE, EVENT_SESSION, EVENT_GATE,
		EVENT_DMA };
	u8 mark[SHA384_SIZE];
	memset(mark, 1, sizeof(mark));
	for (size_t i = 0; i <= ARRAY_SIZE(rows); i++) {
		restart_log();
		for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
			const u8 *digest = order[k] == EVENT_SLOT ? s.claim.manifest
			        : order[k] == EVENT_SESSION       ? s.claim.session
			                                          : mark;
			size_t n = order[k] == EVENT_SLOT ? SHA384_SIZE : ATTEST_ID_SIZE;
			if (i < ARRAY_SIZE(rows) && order[k] == rows[i].kind)
				scene_decide(&s, rows[i].kind, NULL, 0, rows[i].first, rows[i].second);
			else
				scene_decide(&s, order[k], digest, n, order[k] != EVENT_GATE, 1);
		}
		assert_int_equal(scene_outcome(&s), i < ARRAY_SIZE(rows) ? rows[i].verdict : VERDICT_GOOD);
	}
}

enum { FIRMWARE_BIOS, FIRMWARE_UEFI };

/* The decisions of a boot without Secure Boot, in a log that begins anew. */
static void decide(u32 firmware, bool ungated, bool dma_protected)
{
	u8 mark[SHA384_SIZE];

	memset(mark, 1, sizeof(mark));
	restart_log();
	scene_decide(&s, EVENT_SLOT, s.claim.manifest, SHA384_SIZE, 0, 3);
	scene_decide(&s, EVENT_NV_STATE, mark, SHA384_SIZE, 0, 0);
	scene_decide(&s, EVENT_FIRMWARE, NULL, 0, firmware, 0);
	scene_decide(&s, EVENT_SESSION, s.claim.session, ATTEST_ID_SIZE, 0, 0);
	scene_decide(&s, EVENT_GATE, NULL, 0, ungated, 0);
	scene_decide(&s, EVENT_DMA, NULL, 0, dma_protected, 0);
}

/* What a policy can let through, it lets through one by one. */
static void policies_allow_one_thing_each(void **state)
{
	(void)state;
	decide(FIRMWARE_BIOS, true, false);
	assert_int_equal(scene_outcome(&s), VERDICT_FIRMWARE_UNMEASURED);
	s.policy.bios = true;
	assert_int_equal(scene_judge(&s), VERDICT_UNGATED);
	s.policy.ungated = true;
	assert_int_equal(scene_judge(&s), VERDICT_DMA);
	s.policy.no_dma_protection = true;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.terms.baselines.count = 0;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_NONE);
	s.policy.no_baseline = true;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
}

static void a_policy_may_do_without_secure_boot(void **state)
{
	(void)state;
	decide(FIRMWARE_UEFI, false, true);
	assert_int_equal(scene_outcome(&s), VERDICT_SECURE_BOOT);
	s.policy.secure_boot_off = true;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
}

/* Each ticket above the one before; a lease is lost once, of the ticket in force. */
static void tickets_come_in_order(void **state)
{
	(void)state;
	static const struct {
		struct {
			enum event_kind kind;
			u64 sequence;
		} event[4];
		enum verdict verdict;
	} rows[] = {
		{ { { EVENT_TICKET, 3 }, { EVENT_TICKET, 5 }, { EVENT_LEASE, 5 }, { EVENT_TICKET, 6 } }, VERDICT_GOOD },
		{ { { EVENT_TICKET, 3 }, { EVENT_TICKET, 3 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_TICKET, 3 }, { EVENT_LEASE, 3 }, { EVENT_TICKET, 2 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_TICKET, 0 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_LEASE, 1 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_LEASE, 0 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_TICKET, 3 }, { EVENT_TICKET, 4 }, { EVENT_LEASE, 3 } }, VERDICT_DECISION_EVENT },
		{ { { EVENT_TICKET, 3 }, { EVENT_LEASE, 3 }, { EVENT_LEASE, 3 } }, VERDICT_DECISION_EVENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up(NULL);
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].event) && rows[i].event[k].kind; k++)
			scene_decide(&s, rows[i].event[k].kind, NULL, 0, rows[i].event[k].sequence, 1);
		assert_int_equal(scene_outcome(&s), rows[i].verdict);
	}
}

static void decisions_come_once_and_all(void **state)
{
	(void)state;
	scene_decide(&s, EVENT_GATE, NULL, 0, 0, 0);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_EVENT);
	set_up(NULL);
	/* The stage's words after the boot session began: somebody has a PCR to extend. */
	scene_decide(&s, EVENT_SLOT, s.claim.manifest, SHA384_SIZE, 0, 3);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_EVENT);
	set_up(NULL);
	scene_measure(&s, PCR_DECISIONS, 1, "foreign", 7);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_EVENT);
	assert_true(s.result.difference.known);
	assert_int_equal(s.result.difference.pcr, PCR_DECISIONS);
	set_up(NULL);
	/* Ours, under another type; and one that belongs into another PCR. */
	struct event e;
	u8 tagged[EVENT_TAGGED_SIZE];
	event_init(&e, EVENT_SERVICE, "restarted");
	event_encode(&e, tagged);
	scene_measure(&s, PCR_DECISIONS, 1, tagged, sizeof(tagged));
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_EVENT);
	set_up(NULL);
	scene_decide(&s, EVENT_GUEST, NULL, 0, 0, 0);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_EVENT);
	set_up(NULL);
	scene_decide(&s, EVENT_SERVICE, NULL, 0, 1, 0);
	scene_decide(&s, EVENT_SERVICE, NULL, 0, 2, 0);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	restart_log();
	scene_decide(&s, EVENT_SLOT, s.claim.manifest, SHA384_SIZE, 0, 3);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_MISSING);
}

/* Each once, but on the wrong side of the boot session's begin. */
static void decisions_come_in_their_order(void **state)
{
	static const enum event_kind orders[][6] = {
		{ EVENT_SLOT, EVENT_NV_STATE, EVENT_FIRMWARE, EVENT_SESSION, EVENT_GATE, EVENT_DMA },
		{ EVENT_SLOT, EVENT_NV_STATE, EVENT_SESSION, EVENT_FIRMWARE, EVENT_GATE, EVENT_DMA },
		{ EVENT_SLOT, EVENT_NV_STATE, EVENT_FIRMWARE, EVENT_GATE, EVENT_SESSION, EVENT_DMA },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		restart_log();
		for (size_t k = 0; k < ARRAY_SIZE(orders[i]); k++) {
			enum event_kind kind = orders[i][k];
			const u8 *digest = kind == EVENT_SESSION ? s.claim.session : s.claim.manifest;
			scene_decide(&s, kind, digest, kind == EVENT_SESSION ? ATTEST_ID_SIZE : SHA384_SIZE,
			        kind != EVENT_GATE, 1);
		}
		assert_int_equal(scene_outcome(&s), i == 0 ? VERDICT_GOOD : VERDICT_DECISION_EVENT);
	}
}

/* An index is known by its whole Name and read from its start. */
static void certifications_are_of_whole_indices(void **state)
{
	(void)state;
	struct soft_attest floor = scene_certification(&s, NV_IMAGE_FLOOR);
	floor.offset = 1;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_NV_CONTENT);
	floor.offset = 0;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_GOOD);
	s.node.nv_name[NV_IMAGE_FLOOR].size--;
	assert_int_equal(scene_judge(&s), VERDICT_NV_NAME);
	/* None on record: not even an index without one. */
	s.node.nv_name[NV_IMAGE_FLOOR].size = 0;
	floor.name.n = 0;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_NV_NAME);
}

/* Of two records the newer one counts, whichever index holds it. */
static void the_newer_state_counts(void **state)
{
	(void)state;
	struct boot_state older = { .sequence = SCENE_STATE_SEQUENCE - 1, .image_floor = 9, .key_floor = 1 };
	struct boot_state newer = { .sequence = SCENE_STATE_SEQUENCE + 1, .image_floor = 11, .key_floor = 1 };
	struct soft_attest a = scene_certification(&s, NV_STATE_1);
	boot_state_encode(&older, s.nv_content[NV_STATE_1]);
	assert_int_equal(scene_judge_certification(&s, NV_STATE_1, &a), VERDICT_GOOD);
	assert_int_equal(s.result.state_sequence, SCENE_STATE_SEQUENCE);
	assert_int_equal(s.result.state.image_floor, 10);
	boot_state_encode(&newer, s.nv_content[NV_STATE_1]);
	assert_int_equal(scene_judge_certification(&s, NV_STATE_1, &a), VERDICT_GOOD);
	assert_int_equal(s.result.state_sequence, SCENE_STATE_SEQUENCE + 1);
	assert_int_equal(s.result.state.image_floor, 11);
}

static void nv_is_the_enrolled_state(void **state)
{
	(void)state;
	s.node.nv_name[NV_KEY_FLOOR].bytes[9] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_NV_NAME);
	s.node.nv_name[NV_KEY_FLOOR].bytes[9] ^= 1;
	s.node.state_sequence++;
	assert_int_equal(scene_judge(&s), VERDICT_NV_SEQUENCE);
	s.node.state_sequence--;
	floor_encode(9, s.nv_content[NV_IMAGE_FLOOR]);
	assert_int_equal(scene_outcome(&s), VERDICT_NV_FLOOR);
	s.nv_content[NV_IMAGE_FLOOR][0] = 10;
	assert_int_equal(scene_outcome(&s), VERDICT_NV_CONTENT);
	floor_encode(10, s.nv_content[NV_IMAGE_FLOOR]);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	for (u32 i = NV_STATE_0; i < NV_INDEXES; i++) {
		if (i == NV_STATE_1)
			continue;
		scene_sign(&s);
		s.parts.nv[i] = (struct signed_view){ .signature = NULL };
		scene_pack(&s);
		assert_int_equal(scene_judge(&s), VERDICT_NV_MISSING);
	}
	/* Of an earlier attestation. */
	scene_sign(&s);
	struct soft_signed old = s.nv[NV_IMAGE_FLOOR];
	s.claim.challenge[0] ^= 1;
	scene_sign(&s);
	s.parts.nv[NV_IMAGE_FLOOR] = soft_view(&old);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_QUALIFYING);
}

static void firmware_is_the_approved_one(void **state)
{
	(void)state;
	struct baseline approved = s.baseline;
	approved.events[0].digest[0] ^= 1;
	s.terms.baselines.list = &approved;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	assert_true(s.result.difference.known);
	assert_int_equal(s.result.difference.index, 0);
	assert_memory_equal(s.result.difference.found, s.baseline.events[0].digest, SHA256_SIZE);
	assert_memory_equal(s.result.difference.expected, approved.events[0].digest, SHA256_SIZE);
	approved = s.baseline;
	approved.count--;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	approved = s.baseline;
	approved.count++;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	approved = s.baseline;
	scene_measure(&s, 2, 0x80000002, "Boot0002", 8);
	assert_int_equal(scene_outcome(&s), VERDICT_BASELINE_DIFFERS);
	assert_int_equal(s.result.difference.pcr, 2);
}

/* Row 28: an event that was added to PCR1 is no boot variable because the log calls it one. */
static void boot_variables_are_what_they_say(void **state)
{
	/* Attributes, length of the paths, no description, and a path without end. */
	static const u8 endless[] = { 1, 0, 0, 0, 4, 0, 0, 0, 4, 4, 4, 0 };
	static const struct {
		const char *name, *content;
		size_t n;
	} forged[] = {
		{ "BootOrder", "\2\0", 2 }, /* a second one */
		{ "Boot0002", "handed off", 10 },
		{ "Boot0002", "", 0 },
		{ "Boot0002", (const char *)endless, sizeof(endless) },
		{ "Boot000g", "\1\0\0\0\4\0\0\0\x7f\xff\4\0", 12 },
		{ "Setup", "\1\0\0\0\4\0\0\0\x7f\xff\4\0", 12 },
	};

	(void)state;
	scene_boot_entry(&s, "Boot0002", "another disk");
	scene_variable(&s, "BootABCD", "\1\0\0\0\4\0\0\0\x7f\xff\4\0", 12);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	size_t used = s.log.bytes.used;
	for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
		s.log.bytes.used = used;
		scene_variable(&s, forged[i].name, forged[i].content, forged[i].n);
		assert_int_equal(scene_outcome(&s), VERDICT_BASELINE_DIFFERS);
		assert_int_equal(s.result.difference.pcr, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(images_are_the_signed_ones, set_up),
		cmocka_unit_test_setup(old_and_development_images, set_up),
		cmocka_unit_test_setup(decisions_are_judged, set_up),
		cmocka_unit_test_setup(policies_allow_one_thing_each, set_up),
		cmocka_unit_test_setup(a_policy_may_do_without_secure_boot, set_up),
		cmocka_unit_test_setup(tickets_come_in_order, set_up),
		cmocka_unit_test_setup(decisions_come_once_and_all, set_up),
		cmocka_unit_test_setup(decisions_come_in_their_order, set_up),
		cmocka_unit_test_setup(certifications_are_of_whole_indices, set_up),
		cmocka_unit_test_setup(the_newer_state_counts, set_up),
		cmocka_unit_test_setup(nv_is_the_enrolled_state, set_up),
		cmocka_unit_test_setup(firmware_is_the_approved_one, set_up),
		cmocka_unit_test_setup(boot_variables_are_what_they_say, set_up),
	};
	return cmocka_run_group_tests_name("boot evidence", tests, NULL, NULL);
}
