/*
 * Attacks on attestation (catalogue, rows 24-32): forged evidence, each with the verdict that names it, beside the good
 * evidence it differs from in one thing. The forger has whatever the service VM has, and where it says so the AK
 * itself.
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

static void a_good_boot_is_good(void **state)
{
	(void)state;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	assert_int_equal(s.result.slot, 1);
	assert_int_equal(s.result.image_floor, 10);
	assert_int_equal(s.result.state_sequence, SCENE_STATE_SEQUENCE);
	assert_memory_equal(s.result.claim.challenge, s.claim.challenge, ATTEST_ID_SIZE);
}

/*
 * One bit of each 8 bytes. Of the head the verifier's own copy counts, and of the log what leads to the quoted PCRs.
 */
static void flipped_bits_are_refused(void **state)
{
	(void)state;
	size_t head = 0;
	while (memcmp(s.evidence + head, s.image.image, 16) != 0)
		head++;
	for (size_t i = 0; i < head; i += 8) {
		s.evidence[i] ^= 1;
		assert_int_not_equal(scene_judge(&s), VERDICT_GOOD);
		s.evidence[i] ^= 1;
	}
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
}

/* 24 */
static void attested_structures_are_the_tpms(void **state)
{
	(void)state;
	struct soft_attest quote = soft_quote(s.values, sizeof(s.values), s.qualifying);
	quote.magic = 0x12345678;
	soft_sign(SOFT_AK, &quote, &s.quote);
	s.parts.quote = soft_view(&s.quote);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_ATTEST_MAGIC);
	/* A certification where the quote belongs, and the quote where a certification does. */
	s.parts.quote = s.parts.nv[0];
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_ATTEST_TYPE);
	scene_sign(&s);
	s.parts.nv[NV_STATE_0] = s.parts.quote;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_ATTEST_TYPE);
}

/* 25 */
static void the_quote_covers_what_is_judged(void **state)
{
	(void)state;
	struct soft_attest quote = soft_quote(s.values, sizeof(s.values), s.qualifying);
	quote.selection.pcrs &= ~(u32)BIT(PCR_DECISIONS);
	soft_sign(SOFT_AK, &quote, &s.quote);
	s.parts.quote = soft_view(&s.quote);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_SELECTION);
}

/* 26 */
static void nonces_and_nodes_fit(void **state)
{
	(void)state;
	s.terms.nonce[0] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_NONCE);
	s.terms.nonce[0] ^= 1;
	s.node.id[0] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_NODE);
	s.node.id[0] ^= 1;
	/* The new nonce in the claim of old attestations. */
	memset(s.encoded_claim, 0x99, ATTEST_ID_SIZE);
	memset(s.terms.nonce, 0x99, ATTEST_ID_SIZE);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_QUALIFYING);
	memcpy(s.claim.nonce, s.terms.nonce, ATTEST_ID_SIZE);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
}

/* 27 */
static void the_key_is_the_enrolled_one(void **state)
{
	(void)state;
	static u8 other[EVIDENCE_AK_MAX];
	s.parts.ak = (struct bytes_view){ other, soft_public(SOFT_STRANGER_AK, other) };
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_AK_UNKNOWN);
	/* Its owner signs with his own key under the enrolled one's name. */
	scene_sign(&s);
	soft_sign_bytes(SOFT_STRANGER_AK, &s.quote);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_SIGNATURE);
	/* Enrolled or not: a key that is not restricted proves nothing. */
	scene_sign(&s);
	s.ak[5] ^= 1;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_AK_KIND);
	s.ak[5] ^= 1;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
}

/* 28: behind the log's digests, which still replay. */
static void texts_are_what_was_measured(void **state)
{
	(void)state;
	static const char text[] = "decided";
	size_t at = s.log.bytes.used - 1;
	while (memcmp(s.log_bytes + at, text, sizeof(text) - 1) != 0)
		at--;
	s.log_bytes[at] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_LOG_DATA);
	assert_true(s.result.difference.known);
	assert_int_equal(s.result.difference.pcr, PCR_DECISIONS);
	s.log_bytes[at] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
}

static void logs_are_whole(void **state)
{
	(void)state;
	s.parts.log.n -= 12 + 2 + 32 + 2 + 48 + 4 + EVENT_TAGGED_SIZE;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_LOG_REPLAY);
	assert_int_equal(s.result.difference.pcr, PCR_DECISIONS);
	s.parts.log.n--;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_LOG_FORMAT);
	/* An event that no PCR saw. */
	scene_measure(&s, 0, 1, "more", 4);
	scene_sign(&s);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_LOG_REPLAY);
	assert_int_equal(s.result.difference.pcr, 0);
}

/* 29 */
static void empty_pcrs_are_no_values(void **state)
{
	(void)state;
	static const u8 fills[] = { 0x00, 0xFF };
	for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
		memset(s.values, fills[i], SHA256_SIZE);
		scene_sign(&s);
		scene_pack(&s);
		assert_int_equal(scene_judge(&s), VERDICT_PCR_VOID);
		assert_int_equal(s.result.difference.pcr, 0);
	}
	scene_replay(&s);
	memset(s.values + (size_t)9 * SHA256_SIZE, 0xFF, SHA256_SIZE);
	scene_sign(&s);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_PCR_VOID);
	assert_int_equal(s.result.difference.pcr, PCR_GUESTS);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
}

/* 30: nothing approved, nothing known, nothing allowed. */
static void emptiness_accepts_nothing(void **state)
{
	(void)state;
	s.terms.policy = NULL;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.terms.baseline = NULL;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_NONE);
	s.terms.reference = NULL;
	assert_int_equal(scene_judge(&s), VERDICT_IMAGE_SIGNATURE);
	s.node.ak.n = 0;
	assert_int_equal(scene_judge(&s), VERDICT_AK_UNKNOWN);
	s.length = 0;
	assert_int_equal(scene_judge(&s), VERDICT_FORMAT);
}

/* 31 */
static void counters_only_rise(void **state)
{
	(void)state;
	s.node.seen = true;
	memcpy(s.node.session, s.claim.session, ATTEST_ID_SIZE);
	s.node.clock = 599999;
	s.node.resets = 40;
	s.node.restarts = 2;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.node.clock = 600001;
	assert_int_equal(scene_judge(&s), VERDICT_CLOCK);
	s.node.clock = 0;
	s.node.restarts = 3;
	assert_int_equal(scene_judge(&s), VERDICT_CLOCK);
	s.node.restarts = 0;
	s.node.resets = 41;
	assert_int_equal(scene_judge(&s), VERDICT_CLOCK);
	/* The TPM started anew under a session that says it goes on, as after a suspend; and the other way round. */
	s.node.resets = 40;
	s.node.restarts = 1;
	assert_int_equal(scene_judge(&s), VERDICT_SESSION);
	s.node.session[0] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.node.restarts = 2;
	assert_int_equal(scene_judge(&s), VERDICT_SESSION);
}

/* 32 */
static void relayed_evidence_is_refused(void **state)
{
	(void)state;
	s.terms.tls_key[31] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_CHANNEL);
	s.terms.tls_key[31] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
}

static void restart_log(void)
{
	scene_firmware(&s);
	scene_image(&s);
}

static void images_are_the_signed_ones(void **state)
{
	(void)state;
	struct event e;
	s.claim.manifest[0] ^= 1;
	assert_int_equal(scene_outcome(&s), VERDICT_IMAGE_OTHER);
	s.claim.manifest[0] ^= 1;
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

/* What a policy can let through, it lets through one by one. */
static void policies_allow_one_thing_each(void **state)
{
	(void)state;
	u8 mark[SHA384_SIZE];
	memset(mark, 1, sizeof(mark));
	restart_log();
	scene_decide(&s, EVENT_SLOT, s.claim.manifest, SHA384_SIZE, 0, 3);
	scene_decide(&s, EVENT_NV_STATE, mark, SHA384_SIZE, 0, 0);
	scene_decide(&s, EVENT_FIRMWARE, NULL, 0, 0, 0);
	scene_decide(&s, EVENT_SESSION, s.claim.session, ATTEST_ID_SIZE, 0, 0);
	scene_decide(&s, EVENT_GATE, NULL, 0, 1, 0);
	scene_decide(&s, EVENT_DMA, NULL, 0, 0, 0);
	assert_int_equal(scene_outcome(&s), VERDICT_FIRMWARE_UNMEASURED);
	s.policy.bios = true;
	assert_int_equal(scene_judge(&s), VERDICT_UNGATED);
	s.policy.ungated = true;
	assert_int_equal(scene_judge(&s), VERDICT_DMA);
	s.policy.no_dma_protection = true;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.terms.baseline = NULL;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_NONE);
	s.policy.no_baseline = true;
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
	set_up(NULL);
	scene_decide(&s, EVENT_SERVICE, NULL, 0, 1, 0);
	scene_decide(&s, EVENT_SERVICE, NULL, 0, 2, 0);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	restart_log();
	scene_decide(&s, EVENT_SLOT, s.claim.manifest, SHA384_SIZE, 0, 3);
	assert_int_equal(scene_outcome(&s), VERDICT_DECISION_MISSING);
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
	s.terms.baseline = &approved;
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
		cmocka_unit_test_setup(a_good_boot_is_good, set_up),
		cmocka_unit_test_setup(flipped_bits_are_refused, set_up),
		cmocka_unit_test_setup(attested_structures_are_the_tpms, set_up),
		cmocka_unit_test_setup(the_quote_covers_what_is_judged, set_up),
		cmocka_unit_test_setup(nonces_and_nodes_fit, set_up),
		cmocka_unit_test_setup(the_key_is_the_enrolled_one, set_up),
		cmocka_unit_test_setup(texts_are_what_was_measured, set_up),
		cmocka_unit_test_setup(logs_are_whole, set_up),
		cmocka_unit_test_setup(empty_pcrs_are_no_values, set_up),
		cmocka_unit_test_setup(emptiness_accepts_nothing, set_up),
		cmocka_unit_test_setup(counters_only_rise, set_up),
		cmocka_unit_test_setup(relayed_evidence_is_refused, set_up),
		cmocka_unit_test_setup(images_are_the_signed_ones, set_up),
		cmocka_unit_test_setup(old_and_development_images, set_up),
		cmocka_unit_test_setup(decisions_are_judged, set_up),
		cmocka_unit_test_setup(policies_allow_one_thing_each, set_up),
		cmocka_unit_test_setup(tickets_come_in_order, set_up),
		cmocka_unit_test_setup(decisions_come_once_and_all, set_up),
		cmocka_unit_test_setup(nv_is_the_enrolled_state, set_up),
		cmocka_unit_test_setup(firmware_is_the_approved_one, set_up),
		cmocka_unit_test_setup(boot_variables_are_what_they_say, set_up),
	};
	return cmocka_run_group_tests_name("attestation", tests, NULL, NULL);
}
