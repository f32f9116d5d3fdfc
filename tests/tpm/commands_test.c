/*
 * Every command of lib/tpm against a real TPM, and our own computations against the TPM's.
 * Test code for a host.
 */
#include "attest/quote.h"
#include "lib/tpm/admin.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/public.h"
#include "lib/tpm/session.h"
#include "lib/tpm/startup.h"
#include "lib/tpm/types_beyond.h"
#include "tests/tpm/ak.h"
#include "tests/tpm/extra.h"
#include "tests/tpm/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SCRATCH_INDEX = 0x01805200, SCRATCH_KEY = 0x81005200 };
static const struct tpm_auth_value empty;
static const struct tpm_auth_value secret = { .size = 5, .bytes = "12345" };

static int open_node(void **state)
{
	static struct node n;
	node_open(&n);
	node_power_on(&n, OUR_FIRMWARE);
	*state = &n;
	return 0;
}

static int close_node(void **state)
{
	node_close(*state);
	return 0;
}

static struct tpm *tpm_of(void **state)
{
	return ((struct node *)*state)->tpm;
}

static void refused(const struct tpm *tpm, enum err e, u32 rc)
{
	assert_int_equal(e, ERR_TPM_REFUSED);
	assert_int_equal(tpm_rc_base(tpm->response_code), rc);
}

static void starts_once_and_tests_itself(void **state)
{
	struct tpm *tpm = tpm_of(state);
	assert_int_equal(tpm_startup(tpm), OK);
	assert_int_equal(tpm->response_code, TPM_RC_INITIALIZE);
	assert_int_equal(tpm_self_test(tpm), OK);
}

static void tells_properties(void **state)
{
	struct tpm *tpm = tpm_of(state);
	u32 value = 0;
	assert_int_equal(tpm_get_property(tpm, TPM_PT_MANUFACTURER, &value), OK);
	assert_int_equal(value, 0x49424D00); /* "IBM", swtpm's */
	assert_int_equal(tpm_get_property(tpm, TPM_PT_NV_BUFFER_MAX, &value), OK);
	assert_true(value >= TPM_NV_DATA_MAX);
	assert_int_equal(tpm_get_property(tpm, (enum tpm_pt)0x1FF, &value), ERR_TPM_RESPONSE);
}

static void gives_random_bytes(void **state)
{
	u8 a[100] = { 0 }, b[100] = { 0 };
	assert_int_equal(tpm_get_random(tpm_of(state), a, sizeof(a)), OK);
	assert_int_equal(tpm_get_random(tpm_of(state), b, sizeof(b)), OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_false(bytes_are_zero(a + 96, 4));
}

static void lists_banks(void **state)
{
	static const u16 expected[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512 };
	struct tpm_banks banks;
	assert_int_equal(tpm_pcr_banks(tpm_of(state), &banks), OK);
	assert_int_equal(banks.count, ARRAY_SIZE(expected));
	assert_memory_equal(banks.alg, expected, sizeof(expected));
}

static const struct tpm_bank_digest *bank(const struct tpm_digests *d, u16 alg)
{
	for (u32 i = 0; i < d->count; i++)
		if (d->bank[i].alg == alg)
			return &d->bank[i];
	fail();
	return NULL;
}

static void measures_events_into_every_bank(void **state)
{
	static const u8 zero[SHA256_SIZE];
	struct tpm *tpm = tpm_of(state);
	u8 data[TPM_EVENT_DATA_MAX + 1], digest[SHA384_SIZE], pcr[SHA256_SIZE];
	struct tpm_digests d;
	struct tpm_bank_digest value;
	memset(data, 0x5A, sizeof(data));
	assert_int_equal(tpm_pcr_event(tpm, 12, data, TPM_EVENT_DATA_MAX, &d), OK);
	assert_int_equal(d.count, 4);
	sha384_of(data, TPM_EVENT_DATA_MAX, digest);
	assert_memory_equal(bank(&d, TPM_ALG_SHA384)->digest, digest, SHA384_SIZE);
	sha256_of(data, TPM_EVENT_DATA_MAX, digest);
	assert_memory_equal(bank(&d, TPM_ALG_SHA256)->digest, digest, SHA256_SIZE);
	sha256_of_two(zero, sizeof(zero), digest, SHA256_SIZE, pcr);
	assert_int_equal(tpm_pcr_read(tpm, TPM_ALG_SHA256, 12, &value), OK);
	assert_memory_equal(value.digest, pcr, SHA256_SIZE);
	assert_int_equal(tpm_pcr_event(tpm, 12, data, sizeof(data), &d), ERR_RANGE);
	assert_int_equal(tpm_pcr_event(tpm, TPM_PCRS, data, 1, &d), ERR_RANGE);
}

static void extends_one_bank(void **state)
{
	struct tpm *tpm = tpm_of(state);
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA384, .size = SHA384_SIZE } } };
	struct tpm_bank_digest before, after;
	assert_int_equal(tpm_pcr_read(tpm, TPM_ALG_SHA384, 14, &before), OK);
	assert_true(bytes_are_zero(before.digest, before.size));
	assert_int_equal(tpm_pcr_extend(tpm, 14, &d), OK);
	assert_int_equal(tpm_pcr_read(tpm, TPM_ALG_SHA384, 14, &after), OK);
	assert_false(bytes_are_zero(after.digest, after.size));
	assert_int_equal(tpm_pcr_read(tpm, TPM_ALG_SHA256, 14, &after), OK);
	assert_true(bytes_are_zero(after.digest, after.size));
	d.bank[0].size = SHA256_SIZE;
	assert_int_equal(tpm_pcr_extend(tpm, 14, &d), ERR_RANGE);
}

static void computes_policies_as_the_tpm_does(void **state)
{
	struct node *n = *state;
	u8 expected[SHA256_SIZE], got[SHA256_SIZE];
	u32 session;
	assert_int_equal(tpm_policy_session_start(n->tpm, TPM_SE_TRIAL, &session), OK);
	assert_int_equal(tpm_policy_pcr(n->tpm, session, TPM_ALG_SHA256, BIT(7)), OK);
	assert_int_equal(tpm_policy_get_digest(n->tpm, session, got), OK);
	firmware_digest(OUR_FIRMWARE, expected);
	assert_memory_equal(got, expected, SHA256_SIZE);

	struct tpm_name name;
	struct tpm_ticket none = { .hierarchy = TPM_RH_NULL };
	policy_key_name(n->key.public, &name);
	assert_int_equal(tpm_policy_authorize(n->tpm, session, expected, n->authority.node_id, &name, &none), OK);
	assert_int_equal(tpm_policy_get_digest(n->tpm, session, got), OK);
	policy_authorize_digest(&name, n->authority.node_id, expected);
	assert_memory_equal(got, expected, SHA256_SIZE);
	assert_int_equal(tpm_flush_context(n->tpm, session), OK);
	refused(n->tpm, tpm_flush_context(n->tpm, session), TPM_RC_HANDLE);
}

static void verifies_signatures(void **state)
{
	struct node *n = *state;
	u8 digest[SHA256_SIZE] = { 7 }, signature[TPM_SIGNATURE_SIZE];
	struct tpm_ticket ticket;
	u32 key;
	test_key_sign(&n->key, digest, signature);
	assert_int_equal(tpm_load_external(n->tpm, n->key.public, &key), OK);
	assert_int_equal(tpm_verify_signature(n->tpm, key, digest, signature, &ticket), OK);
	assert_int_equal(ticket.hierarchy, TPM_RH_OWNER);
	assert_true(ticket.size > 0);
	signature[40] ^= 1;
	refused(n->tpm, tpm_verify_signature(n->tpm, key, digest, signature, &ticket), TPM_RC_SIGNATURE);
	assert_int_equal(tpm_flush_context(n->tpm, key), OK);
}

static void keeps_nv(void **state)
{
	struct tpm *tpm = tpm_of(state);
	struct tpm_nv_public made = { .index = SCRATCH_INDEX,
		.name_alg = TPM_ALG_SHA256,
		.attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA,
		.size = TPM_NV_DATA_MAX };
	struct tpm_nv_public found;
	struct tpm_name name;
	u8 in[TPM_NV_DATA_MAX], out[TPM_NV_DATA_MAX] = { 0 };
	memset(in, 0xC3, sizeof(in));
	refused(tpm, tpm_nv_read_public(tpm, SCRATCH_INDEX, &found, &name), TPM_RC_HANDLE);
	assert_int_equal(tpm_nv_define(tpm, NULL, &made), OK);
	refused(tpm, tpm_nv_define(tpm, NULL, &made), TPM_RC_NV_DEFINED);
	refused(tpm, tpm_nv_read(tpm, SCRATCH_INDEX, out, 8), TPM_RC_NV_UNINITIALIZED);
	assert_int_equal(tpm_nv_write(tpm, SCRATCH_INDEX, TPM_RS_PW, in, sizeof(in)), OK);
	assert_int_equal(tpm_nv_read(tpm, SCRATCH_INDEX, out, sizeof(out)), OK);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(tpm_nv_read_public(tpm, SCRATCH_INDEX, &found, &name), OK);
	assert_int_equal(found.attributes, made.attributes | TPMA_NV_WRITTEN);
	assert_int_equal(found.size, TPM_NV_DATA_MAX);
	assert_int_equal(name.size, 2 + SHA256_SIZE);
	assert_int_equal(tpm_nv_read(tpm, SCRATCH_INDEX, out, TPM_NV_DATA_MAX + 1), ERR_RANGE);
	assert_int_equal(tpm_nv_undefine(tpm, NULL, SCRATCH_INDEX), OK);
	refused(tpm, tpm_nv_read_public(tpm, SCRATCH_INDEX, &found, &name), TPM_RC_HANDLE);
}

static void makes_one_attestation_key(void **state)
{
	struct node *n = *state;
	struct tpm_public first, again, read;
	struct tpm_ecc_public ecc;
	u32 handle;
	assert_int_equal(tpm_create_ak(n->tpm, NULL, &handle, &first), OK);
	assert_int_equal(tpm_ecc_public_decode(&first, &ecc), OK);
	assert_true(ecc.attributes & TPMA_OBJECT_RESTRICTED);
	assert_int_equal(tpm_evict_control(n->tpm, NULL, handle, SCRATCH_KEY), OK);
	node_power_on(n, OUR_FIRMWARE);
	assert_int_equal(tpm_read_public(n->tpm, SCRATCH_KEY, &read), OK);
	assert_memory_equal(&read.name, &first.name, sizeof(read.name));
	assert_int_equal(tpm_create_ak(n->tpm, NULL, &handle, &again), OK);
	assert_memory_equal(&again.name, &first.name, sizeof(again.name));
	assert_int_equal(tpm_evict_control(n->tpm, NULL, SCRATCH_KEY, SCRATCH_KEY), OK);
	refused(n->tpm, tpm_read_public(n->tpm, SCRATCH_KEY, &read), TPM_RC_HANDLE);
}

/* Signature, magic, type and nonce of an attested structure. */
static void check_attested(const struct tpm_attested *a, const struct tpm_public *ak, u16 type, const u8 nonce[20])
{
	struct tpm_ecc_public key;
	u8 digest[SHA256_SIZE];
	size_t n;
	assert_int_equal(tpm_ecc_public_decode(ak, &key), OK);
	sha256_of(a->bytes, a->size, digest);
	assert_true(p256_verify(key.key, digest, a->signature));
	struct reader r = reader_on(a->bytes, a->size);
	assert_int_equal(read_be32(&r), 0xFF544347);
	assert_int_equal(read_be16(&r), type);
	(void)read_tpm2b(&r, TPM_NAME_MAX, &n);
	const u8 *got = read_tpm2b(&r, TPM_QUALIFYING_MAX, &n);
	assert_non_null(got);
	assert_int_equal(n, 20);
	assert_memory_equal(got, nonce, 20);
}

static void attests(void **state)
{
	struct node *n = *state;
	u8 nonce[20] = "nonce of a verifier";
	struct tpm_qualifying q = { .size = sizeof(nonce), .bytes = nonce };
	struct tpm_pcr_selection pcrs = { .alg = TPM_ALG_SHA256, .pcrs = 0xFFFFFF };
	struct tpm_public ak;
	struct tpm_attested a;
	u32 handle;
	node_enrol(n);
	struct provision_request r = node_request();
	assert_int_equal(tpm_create_ak(n->tpm, &r.owner, &handle, &ak), OK);
	assert_int_equal(tpm_quote(n->tpm, handle, q, pcrs, &a), OK);
	check_attested(&a, &ak, TPM_ST_ATTEST_QUOTE, nonce);
	assert_int_equal(tpm_certify(n->tpm, handle, handle, q, &a), OK);
	check_attested(&a, &ak, TPM_ST_ATTEST_CERTIFY, nonce);
	assert_int_equal(tpm_nv_certify(n->tpm, handle, NV_HANDLE_BASE, STATE_RECORD_SIZE, q, &a), OK);
	check_attested(&a, &ak, TPM_ST_ATTEST_NV, nonce);
	u8 record[STATE_RECORD_SIZE];
	assert_int_equal(tpm_nv_read(n->tpm, NV_HANDLE_BASE, record, sizeof(record)), OK);
	assert_memory_equal(a.bytes + a.size - sizeof(record), record, sizeof(record));
	q.size = TPM_QUALIFYING_MAX + 1;
	assert_int_equal(tpm_quote(n->tpm, handle, q, pcrs, &a), ERR_RANGE);
}

static void changes_authorization(void **state)
{
	struct tpm *tpm = tpm_of(state);
	assert_int_equal(tpm_hierarchy_change_auth(tpm, TPM_RH_OWNER, &empty, &secret), OK);
	refused(tpm, tpm_hierarchy_change_auth(tpm, TPM_RH_OWNER, &empty, &empty), TPM_RC_BAD_AUTH);
	/* Nothing of it stays in memory. */
	assert_null(memmem(tpm->command, sizeof(tpm->command), secret.bytes, secret.size));
	assert_int_equal(tpm_hierarchy_change_auth(tpm, TPM_RH_OWNER, &secret, &empty), OK);
	assert_int_equal(tpm_hierarchy_change_auth(tpm, TPM_RH_ENDORSEMENT, &empty, &empty), OK);
}

int main(void)
{
#define WITH_NODE(f) cmocka_unit_test_setup_teardown(f, open_node, close_node)
	const struct CMUnitTest tests[] = {
		WITH_NODE(starts_once_and_tests_itself),
		WITH_NODE(tells_properties),
		WITH_NODE(gives_random_bytes),
		WITH_NODE(lists_banks),
		WITH_NODE(measures_events_into_every_bank),
		WITH_NODE(extends_one_bank),
		WITH_NODE(computes_policies_as_the_tpm_does),
		WITH_NODE(verifies_signatures),
		WITH_NODE(keeps_nv),
		WITH_NODE(makes_one_attestation_key),
		WITH_NODE(attests),
		WITH_NODE(changes_authorization),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
