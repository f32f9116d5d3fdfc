/*
 * Attacks on what the fleet server remembers of nodes (catalogue, rows 26, 27, 30, 31, 33): each beside the good case
 * that it differs from in one thing. tests/fleet shows the same over the network.
 */
#include "lib/tpm/policy.h"
#include "signetd/enrolment.h"
#include "signetd/fleet.h"
#include "signetd/nonces.h"
#include "tests/adversarial/scene.h"
#include "update/nv_tpm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct scene s;
static struct node_entry node;
static struct decision decision;

/* What the server has on record of the scene's node. */
static int set_up(void **state)
{
	(void)state;
	scene_init(&s);
	memset(&node, 0, sizeof(node));
	node.state = NODE_ENROLLED;
	memcpy(node.id, s.node.id, sizeof(node.id));
	node.ak_size = s.node.ak.n;
	memcpy(node.ak, s.node.ak.bytes, s.node.ak.n);
	node.image_floor = s.node.image_floor;
	node.key_floor = s.node.key_floor;
	memcpy(node.policy_key, forge_public(POLICY), sizeof(node.policy_key));
	nv_tpm_names(node.policy_key, node.id, s.node.nv_name);
	return scene_outcome(&s) == VERDICT_GOOD ? 0 : -1;
}

/* As the server does it: the record is shown to the appraisal, and learns from it. */
static enum verdict attest(void)
{
	struct node_record view;
	const struct decide_facts facts = {
		.appraisal = &s.result,
		.reference = s.terms.reference,
		.pcr7 = s.values + (size_t)7 * SHA256_SIZE,
		.now = 1000,
	};

	decide_view(&node, &view);
	s.terms.node = &view;
	enum verdict v = scene_judge(&s);
	decide(&node, &facts, &decision);
	s.terms.node = &s.node;
	return v;
}

static void good_evidence_earns_a_ticket(void **state)
{
	(void)state;
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_true(decision.authentic && decision.ticket && !decision.commit);
	assert_string_equal(decision.state, "good");
	assert_true(node.seen);
	assert_int_equal(node.resets, 40);
	assert_int_equal(node.svn, 12);
}

/* 26: a nonce is for one node, one connection, a short time, and once. */
static void nonces_are_used_once_by_whom_they_were_made_for(void **state)
{
	(void)state;
	static const u8 other[ATTEST_ID_SIZE] = { 1 };
	struct nonces *n;
	u8 nonce[ATTEST_ID_SIZE];
	const u64 now = 5000;
	const u64 end = now + (u64)NONCE_SECONDS * 1000;
	assert_int_equal(nonces_open(&n), OK);
	assert_int_equal(nonce_issue(n, s.node.id, s.claim.tls_key, now, nonce), OK);
	assert_true(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, now));
	assert_true(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, end));
	assert_false(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, end + 1));
	assert_false(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, now - 1));
	assert_false(nonce_is_open(n, nonce, other, s.claim.tls_key, now));
	assert_false(nonce_is_open(n, nonce, s.node.id, other, now));
	assert_false(nonce_is_open(n, other, s.node.id, s.claim.tls_key, now));
	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] ^= 1;
		assert_false(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, now + 2));
		nonce[i] ^= 1;
	}
	assert_int_equal(nonce_use(n, nonce, s.node.id, now), OK);
	assert_false(nonce_is_open(n, nonce, s.node.id, s.claim.tls_key, now));
	/* Of another run of the server. */
	struct nonces *later;
	assert_int_equal(nonces_open(&later), OK);
	assert_false(nonce_is_open(later, nonce, s.node.id, s.claim.tls_key, now));
	nonces_close(later);
	nonces_close(n);
}

/* One node cannot fill the memory that the others' freshness stands in. */
static void used_nonces_are_bounded(void **state)
{
	(void)state;
	static const u8 other[ATTEST_ID_SIZE] = { 1 };
	struct nonces *n;
	u8 nonce[ATTEST_ID_SIZE];
	const u64 later = 7000 + (u64)NONCE_SECONDS * 1000;
	assert_int_equal(nonces_open(&n), OK);
	for (u32 i = 0; i < NONCES_OF_NODE_MAX; i++) {
		assert_int_equal(nonce_issue(n, s.node.id, s.claim.tls_key, 5000, nonce), OK);
		assert_int_equal(nonce_use(n, nonce, s.node.id, 5000), OK);
	}
	assert_int_equal(nonce_use(n, nonce, s.node.id, 5000), ERR_RANGE);
	assert_int_equal(nonce_use(n, nonce, other, 5000), OK);
	assert_int_equal(nonce_use(n, nonce, s.node.id, later), OK);
	nonces_close(n);
}

/* 26, 27, 32: what does not prove to be the node's changes nothing about it. */
static void foreign_evidence_leaves_no_trace(void **state)
{
	(void)state;
	struct node_entry before;
	assert_int_equal(attest(), VERDICT_GOOD);
	before = node;
	s.terms.nonce[0] ^= 1;
	assert_int_equal(attest(), VERDICT_NONCE);
	assert_false(decision.authentic || decision.ticket);
	s.terms.nonce[0] ^= 1;
	s.terms.tls_key[0] ^= 1;
	assert_int_equal(attest(), VERDICT_CHANNEL);
	s.terms.tls_key[0] ^= 1;
	soft_sign_bytes(SOFT_STRANGER_AK, &s.quote);
	scene_pack(&s);
	assert_int_equal(attest(), VERDICT_SIGNATURE);
	assert_memory_equal(&node, &before, sizeof(node));
}

/* 30: FAIL, then nothing, then PASS. */
static void failures_stick_until_an_approver_clears_them(void **state)
{
	(void)state;
	assert_int_equal(attest(), VERDICT_GOOD);
	s.terms.baselines.count = 0;
	assert_int_equal(attest(), VERDICT_BASELINE_NONE);
	assert_false(decision.ticket);
	assert_string_equal(decision.state, "failed");
	s.terms.baselines.count = 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(attest(), VERDICT_GOOD);
		assert_false(decision.ticket || decision.commit);
		assert_string_equal(decision.state, "held");
		assert_string_equal(node_state_words(&node), "held");
	}
	assert_int_equal(node.held, VERDICT_BASELINE_NONE);
	node_clear(&node);
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_true(decision.ticket);
}

/* Every verdict there is, on a node that was good before. */
static void no_verdict_but_one_earns_a_ticket(void **state)
{
	(void)state;
	const struct decide_facts facts = { .appraisal = &s.result, .reference = &s.reference, .pcr7 = s.values };
	for (u32 v = 0; v < 100; v++) {
		assert_int_equal(attest(), VERDICT_GOOD);
		s.result.verdict = (enum verdict)v;
		decide(&node, &facts, &decision);
		assert_int_equal(decision.ticket, v == VERDICT_GOOD);
		assert_int_equal(node.held != VERDICT_GOOD, v > VERDICT_CHANNEL);
		node_clear(&node);
	}
}

static void pending_nodes_get_nothing(void **state)
{
	(void)state;
	node.state = NODE_PENDING;
	assert_int_equal(attest(), VERDICT_NV_NAME);
	s.result.verdict = VERDICT_GOOD;
	const struct decide_facts facts = { .appraisal = &s.result, .reference = &s.reference, .pcr7 = s.values };
	decide(&node, &facts, &decision);
	assert_true(decision.authentic);
	assert_false(decision.ticket || decision.commit || node.held || node.seen);
	assert_string_equal(decision.state, "pending");
}

/* Between enrolment and provisioning a node shows that it has no NV yet; later that is a failure like any other. */
static void only_new_nodes_may_be_unprovisioned(void **state)
{
	(void)state;
	const struct decide_facts facts = { .appraisal = &s.result, .reference = &s.reference, .pcr7 = s.values };
	s.result.verdict = VERDICT_UNPROVISIONED;
	decide(&node, &facts, &decision);
	assert_int_equal(node.held, VERDICT_GOOD);
	assert_int_equal(attest(), VERDICT_GOOD);
	s.result.verdict = VERDICT_UNPROVISIONED;
	decide(&node, &facts, &decision);
	assert_int_equal(node.held, VERDICT_UNPROVISIONED);
}

/* 31: what was seen once is the least from then on, through a clearing too. */
static void minimums_only_rise(void **state)
{
	(void)state;
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_int_equal(node.state_sequence, SCENE_STATE_SEQUENCE);
	node.resets = 41;
	assert_int_equal(attest(), VERDICT_CLOCK);
	node_clear(&node);
	assert_int_equal(attest(), VERDICT_GOOD);
	node.image_floor = 11;
	assert_int_equal(attest(), VERDICT_NV_FLOOR);
	node_clear(&node);
	assert_int_equal(node.image_floor, 11);
	assert_int_equal(attest(), VERDICT_NV_FLOOR);
	floor_encode(12, s.nv_content[NV_IMAGE_FLOOR]);
	(void)scene_outcome(&s);
	node_clear(&node);
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_int_equal(node.image_floor, 12);
}

/* 33: sequences rise within a session, and start over in the next. */
static void tickets_are_of_one_session(void **state)
{
	(void)state;
	static const u8 guests[2][SHA384_SIZE] = { { 2 }, { 1 } };
	const struct ticket_terms terms = { TICKET_PAUSE, 3600, 4, 8, 1 << 30 };
	struct ticket t;
	for (u64 sequence = 1; sequence <= 3; sequence++) {
		assert_int_equal(decide_ticket(&node, &s.claim, &terms, guests, 2, &t), OK);
		assert_int_equal(t.sequence, sequence);
	}
	assert_int_equal(t.allowed_count, 2);
	assert_int_equal(t.allowed[0][0], 1);
	assert_int_equal(t.flags, 0);
	assert_memory_equal(t.challenge, s.claim.challenge, ATTEST_ID_SIZE);
	s.claim.session[0] ^= 1;
	assert_int_equal(decide_ticket(&node, &s.claim, &terms, guests, 0, &t), OK);
	assert_int_equal(t.sequence, 1);
	assert_int_equal(t.allowed_count, 0);
}

static void trials_are_committed_when_they_were_found_good(void **state)
{
	(void)state;
	struct boot_state boot = { .sequence = SCENE_STATE_SEQUENCE, .image_floor = 10, .key_floor = 1 };
	struct commit_verdict v;
	boot.slot[1].state = SLOT_UNCONFIRMED;
	memcpy(boot.slot[1].digest, s.claim.manifest, SHA384_SIZE);
	boot_state_encode(&boot, s.nv_content[NV_STATE_0]);
	(void)scene_outcome(&s);
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_true(decision.commit);
	decide_commit(&node, &s.result, &s.reference, &v);
	assert_int_equal(v.slot, 1);
	assert_int_equal(v.image_floor, 12);
	/* Another image's trial, in the slot that this one was started from. */
	boot.slot[1].digest[0] ^= 1;
	boot_state_encode(&boot, s.nv_content[NV_STATE_0]);
	(void)scene_outcome(&s);
	assert_int_equal(attest(), VERDICT_GOOD);
	assert_false(decision.commit);
}

/* 30: a class that is not named is allowed nothing, nor is one whose name begins alike. */
static void policies_name_whole_classes(void **state)
{
	(void)state;
	static struct config c;
	struct appraisal_policy p;
	bool relaxed;
	fleet_policy(&c, "rack", &p, &relaxed);
	assert_false(relaxed || p.bios || p.ungated || p.no_baseline || p.image_flags);
	strcpy(c.allow[ALLOW_BIOS], "lab, rack-1");
	strcpy(c.allow[ALLOW_DEVELOPMENT], "*");
	fleet_policy(&c, "rack", &p, &relaxed);
	assert_true(relaxed && !p.bios && p.image_flags == IMAGE_DEVELOPMENT);
	fleet_policy(&c, "rack-1", &p, NULL);
	assert_true(p.bios && !p.ungated);
	fleet_policy(&c, "", &p, NULL);
	assert_false(p.bios);
}

/* 27: a write authority has to fit node, policy key and the boot that was attested. */
static void authorities_fit_the_node(void **state)
{
	(void)state;
	static const u8 pcr7[SHA256_SIZE] = { 7 };
	static const u8 other[P256_KEY_SIZE] = { 1 };
	struct authority a = { .count = 0 };
	struct authority_entry entry;
	u8 bytes[AUTHORITY_SIZE_MAX];
	struct soft_signed signature;
	memcpy(a.node_id, node.id, sizeof(a.node_id));
	memcpy(a.policy_key, soft_key(SOFT_AK), sizeof(a.policy_key));
	policy_pcr_digest(PCR_SECURE_BOOT, pcr7, entry.approved);
	/* The software TPM signs the hash of what it is given: approval hashes are such a hash. */
	memcpy(signature.bytes, entry.approved, SHA256_SIZE);
	memcpy(signature.bytes + SHA256_SIZE, node.id, SHA256_SIZE);
	signature.n = (size_t)2 * SHA256_SIZE;
	soft_sign_bytes(SOFT_AK, &signature);
	memcpy(entry.signature, signature.signature, sizeof(entry.signature));
	assert_int_equal(authority_add(&a, &entry), OK);
	size_t n = authority_encode(&a, bytes);
	assert_int_equal(authority_judge(bytes, n, node.id, a.policy_key, pcr7), AUTHORITY_FITS);
	assert_int_equal(authority_judge(bytes, n - 1, node.id, a.policy_key, pcr7), AUTHORITY_MALFORMED);
	assert_int_equal(authority_judge(bytes, n, other, a.policy_key, pcr7), AUTHORITY_OTHER_NODE);
	assert_int_equal(authority_judge(bytes, n, node.id, other, pcr7), AUTHORITY_OTHER_KEY);
	assert_int_equal(authority_judge(bytes, n, node.id, a.policy_key, other), AUTHORITY_OTHER_PCR7);
	bytes[n - 1] ^= 1;
	assert_int_equal(authority_judge(bytes, n, node.id, a.policy_key, pcr7), AUTHORITY_SIGNATURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_evidence_earns_a_ticket, set_up),
		cmocka_unit_test_setup(nonces_are_used_once_by_whom_they_were_made_for, set_up),
		cmocka_unit_test_setup(used_nonces_are_bounded, set_up),
		cmocka_unit_test_setup(foreign_evidence_leaves_no_trace, set_up),
		cmocka_unit_test_setup(failures_stick_until_an_approver_clears_them, set_up),
		cmocka_unit_test_setup(no_verdict_but_one_earns_a_ticket, set_up),
		cmocka_unit_test_setup(pending_nodes_get_nothing, set_up),
		cmocka_unit_test_setup(only_new_nodes_may_be_unprovisioned, set_up),
		cmocka_unit_test_setup(minimums_only_rise, set_up),
		cmocka_unit_test_setup(tickets_are_of_one_session, set_up),
		cmocka_unit_test_setup(trials_are_committed_when_they_were_found_good, set_up),
		cmocka_unit_test_setup(policies_name_whole_classes, set_up),
		cmocka_unit_test_setup(authorities_fit_the_node, set_up),
	};
	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
