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
	assert_false(s.result.difference.known);
}

/* Events that extend nothing decide nothing. */
static void events_without_a_measurement_are_passed_over(void **state)
{
	(void)state;
	scene_measure(&s, 0, EV_NO_ACTION, "of no PCR", 9);
	scene_measure(&s, PCR_IMAGE, EV_NO_ACTION, "of no PCR", 9);
	scene_measure(&s, PCR_DECISIONS, EV_NO_ACTION, "of no PCR", 9);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
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
	assert_int_equal(scene_judge_quote(&s, &quote), VERDICT_ATTEST_MAGIC);
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
	assert_int_equal(scene_judge_quote(&s, &quote), VERDICT_SELECTION);
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
	assert_int_equal(appraise_origin(s.evidence, s.length, &s.terms, &s.result), VERDICT_QUALIFYING);
	memcpy(s.claim.nonce, s.terms.nonce, ATTEST_ID_SIZE);
	assert_int_equal(scene_outcome(&s), VERDICT_GOOD);
	assert_int_equal(appraise_origin(s.evidence, s.length, &s.terms, &s.result), VERDICT_GOOD);
}

/* 26: what begins with the right bytes is not what was asked for. */
static void the_qualifying_data_ends_where_it_should(void **state)
{
	(void)state;
	u8 longer[SHA256_SIZE + 1] = { 0 };
	memcpy(longer, s.qualifying, SHA256_SIZE);
	const struct bytes_view extra = { longer, sizeof(longer) };
	struct soft_attest quote = soft_quote(s.values, sizeof(s.values), s.qualifying);
	assert_int_equal(scene_judge_quote(&s, &quote), VERDICT_GOOD);
	quote.extra = extra;
	assert_int_equal(scene_judge_quote(&s, &quote), VERDICT_QUALIFYING);
	scene_sign(&s);
	struct soft_attest floor = scene_certification(&s, NV_IMAGE_FLOOR);
	floor.extra = extra;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_QUALIFYING);
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
	/* Enrolled or not: one byte more than a public area, and one less. */
	for (size_t n = s.node.ak.n - 1; n <= s.node.ak.n + 1; n += 2) {
		const struct bytes_view whole = s.node.ak;
		s.node.ak.n = s.parts.ak.n = n;
		scene_pack(&s);
		assert_int_equal(scene_judge(&s), VERDICT_AK_KIND);
		s.node.ak = s.parts.ak = whole;
	}
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
	assert_memory_equal(s.result.difference.expected, s.values, SHA256_SIZE);
	assert_memory_not_equal(s.result.difference.found, s.values, SHA256_SIZE);
}

/* 29: a log of another bank says nothing of the one that was quoted. */
static void logs_speak_of_the_quoted_bank(void **state)
{
	static const struct tpm_banks others = { .count = 1, .alg = { TPM_ALG_SHA384 } };
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA384, .size = SHA384_SIZE } } };

	(void)state;
	assert_int_equal(log_create(&s.log, s.log_bytes, sizeof(s.log_bytes), &others), OK);
	assert_int_equal(log_append(&s.log, 0, 1, &d, d.bank[0].digest, SHA384_SIZE), OK);
	s.parts.log.n = s.log.bytes.used;
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_LOG_BANK);
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
	/* Firmware that measures nothing is no reason for a stage that measures nothing. */
	s.policy.bios = true;
	memset(s.values + (size_t)8 * SHA256_SIZE, 0, SHA256_SIZE);
	scene_sign(&s);
	scene_pack(&s);
	assert_int_equal(scene_judge(&s), VERDICT_PCR_VOID);
	assert_int_equal(s.result.difference.pcr, PCR_IMAGE);
}

/* 30: nothing approved, nothing known, nothing allowed. */
static void emptiness_accepts_nothing(void **state)
{
	(void)state;
	s.terms.policy = NULL;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.terms.baselines.count = 0;
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
	/* A reset may set the clock back to where it was last saved. */
	s.node.clock = 600001;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	s.node.clock = 0;
	s.node.restarts = 2;
	assert_int_equal(scene_judge(&s), VERDICT_SESSION);
}

/* 31: a certification of before the TPM started anew, under the quote of after. */
static void certifications_are_of_the_quotes_start(void **state)
{
	(void)state;
	struct soft_attest floor = scene_certification(&s, NV_IMAGE_FLOOR);
	floor.resets--;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_CLOCK);
	floor.resets++;
	floor.restarts--;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_CLOCK);
	floor.restarts++;
	assert_int_equal(scene_judge_certification(&s, NV_IMAGE_FLOOR, &floor), VERDICT_GOOD);
}

/* A TPM that was never reset has nothing that a first attestation could be compared with. */
static void a_new_tpm_may_count_from_zero(void **state)
{
	(void)state;
	struct soft_attest quote = soft_quote(s.values, sizeof(s.values), s.qualifying);
	quote.resets = quote.restarts = 0;
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++) {
		struct soft_attest a = scene_certification(&s, i);
		a.resets = a.restarts = 0;
		if (i != NV_STATE_1)
			(void)scene_judge_certification(&s, i, &a);
	}
	assert_int_equal(scene_judge_quote(&s, &quote), VERDICT_GOOD);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_boot_is_good, set_up),
		cmocka_unit_test_setup(flipped_bits_are_refused, set_up),
		cmocka_unit_test_setup(events_without_a_measurement_are_passed_over, set_up),
		cmocka_unit_test_setup(attested_structures_are_the_tpms, set_up),
		cmocka_unit_test_setup(the_quote_covers_what_is_judged, set_up),
		cmocka_unit_test_setup(nonces_and_nodes_fit, set_up),
		cmocka_unit_test_setup(the_qualifying_data_ends_where_it_should, set_up),
		cmocka_unit_test_setup(the_key_is_the_enrolled_one, set_up),
		cmocka_unit_test_setup(texts_are_what_was_measured, set_up),
		cmocka_unit_test_setup(logs_are_whole, set_up),
		cmocka_unit_test_setup(logs_speak_of_the_quoted_bank, set_up),
		cmocka_unit_test_setup(empty_pcrs_are_no_values, set_up),
		cmocka_unit_test_setup(emptiness_accepts_nothing, set_up),
		cmocka_unit_test_setup(counters_only_rise, set_up),
		cmocka_unit_test_setup(certifications_are_of_the_quotes_start, set_up),
		cmocka_unit_test_setup(a_new_tpm_may_count_from_zero, set_up),
		cmocka_unit_test_setup(relayed_evidence_is_refused, set_up),
	};
	return cmocka_run_group_tests_name("attestation", tests, NULL, NULL);
}
