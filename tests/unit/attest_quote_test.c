/*
 * What a TPM attests (catalogue of attacks, rows 24 and 25): each forgery is signed by the right key, has a verdict of
 * its own, and stands beside the quote it differs from.
 */
#include "attest/quote.h"
#include "tests/adversarial/software_tpm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static u8 values[EVIDENCE_PCR_COUNT * SHA256_SIZE];
static u8 extra[SHA256_SIZE];
static struct soft_attest quote;
static struct soft_signed made;

static int set_up(void **state)
{
	(void)state;
	memset(values, 0x42, sizeof(values));
	memset(extra, 0x17, sizeof(extra));
	quote = soft_quote(values, sizeof(values), extra);
	return 0;
}

/* As the verifier goes: signature, structure, coverage. */
static enum verdict judge(u32 signer)
{
	const struct bytes_view pcrs = { values, sizeof(values) };
	struct attested a;
	soft_sign(signer, &quote, &made);
	struct signed_view s = soft_view(&made);
	enum verdict v = attested_verify(&s, soft_key(SOFT_AK));
	if (!v)
		v = attested_read(&s.attest, TPM_ST_ATTEST_QUOTE, &a);
	return v ? v : quote_covers(&a.quote, &pcrs);
}

static void a_good_quote_passes(void **state)
{
	(void)state;
	struct attested a;
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	struct signed_view s = soft_view(&made);
	assert_int_equal(attested_read(&s.attest, TPM_ST_ATTEST_QUOTE, &a), VERDICT_GOOD);
	assert_int_equal(a.extra.n, sizeof(extra));
	assert_memory_equal(a.extra.bytes, extra, sizeof(extra));
	assert_int_equal(a.resets, 40);
	assert_int_equal(a.restarts, 2);
	assert_int_equal(a.clock, 600000);
}

static void the_digest_is_a_whole_one(void **state)
{
	const struct bytes_view pcrs = { values, sizeof(values) };
	struct attested a;

	(void)state;
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	struct signed_view s = soft_view(&made);
	assert_int_equal(attested_read(&s.attest, TPM_ST_ATTEST_QUOTE, &a), VERDICT_GOOD);
	assert_int_equal(quote_covers(&a.quote, &pcrs), VERDICT_GOOD);
	a.quote.digest.n--;
	assert_int_equal(quote_covers(&a.quote, &pcrs), VERDICT_PCR_DIGEST);
	a.quote.digest.n += 2;
	assert_int_equal(quote_covers(&a.quote, &pcrs), VERDICT_PCR_DIGEST);
}

static void another_key_is_refused(void **state)
{
	(void)state;
	static const u8 no_key[P256_KEY_SIZE];
	assert_int_equal(judge(SOFT_STRANGER_AK), VERDICT_SIGNATURE);
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	struct signed_view s = soft_view(&made);
	assert_int_equal(attested_verify(&s, no_key), VERDICT_SIGNATURE);
	for (size_t i = 0; i < made.n; i++) {
		made.bytes[i] ^= 4;
		assert_int_equal(attested_verify(&s, soft_key(SOFT_AK)), VERDICT_SIGNATURE);
		made.bytes[i] ^= 4;
	}
	made.signature[63] ^= 1;
	assert_int_equal(attested_verify(&s, soft_key(SOFT_AK)), VERDICT_SIGNATURE);
}

/* CVE-2024-29038: bytes that look like a quote but for the magic that no restricted key signs on demand. */
static void the_magic_is_demanded(void **state)
{
	(void)state;
	quote.magic = 0xFF544346;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_MAGIC);
	quote.magic = 0;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_MAGIC);
}

static void the_type_is_demanded(void **state)
{
	(void)state;
	struct attested a;
	static const u16 types[] = { TPM_ST_ATTEST_NV, TPM_ST_ATTEST_CERTIFY, 0x8019, 0, 0xFFFF };
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		quote.type = types[i];
		assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_TYPE);
	}
	set_up(NULL);
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	struct signed_view s = soft_view(&made);
	assert_int_equal(attested_read(&s.attest, TPM_ST_ATTEST_NV, &a), VERDICT_ATTEST_TYPE);
}

/* CVE-2024-29039, CVE-2022-0317: values and selection must be the ones demanded, not merely agree with each other. */
static void the_selection_is_exact(void **state)
{
	(void)state;
	static const struct {
		u32 banks;
		struct tpm_pcr_selection selection;
	} wrong[] = {
		{ 0, { TPM_ALG_SHA256, EVIDENCE_PCRS } },
		{ 2, { TPM_ALG_SHA256, EVIDENCE_PCRS } },
		{ 1, { TPM_ALG_SHA256, 0 } },
		{ 1, { TPM_ALG_SHA256, EVIDENCE_PCRS & ~(u32)BIT(12) } },
		{ 1, { TPM_ALG_SHA256, EVIDENCE_PCRS | BIT(23) } },
		{ 1, { TPM_ALG_SHA256, 0xFFFFFF } },
		{ 1, { TPM_ALG_SHA1, EVIDENCE_PCRS } },
		{ 1, { TPM_ALG_SHA384, EVIDENCE_PCRS } },
		{ 1, { TPM_ALG_NULL, EVIDENCE_PCRS } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_up(NULL);
		quote.banks = wrong[i].banks;
		quote.selection = wrong[i].selection;
		assert_int_equal(judge(SOFT_AK), VERDICT_SELECTION);
	}
	set_up(NULL);
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
}

static void the_values_are_the_quoted_ones(void **state)
{
	(void)state;
	quote.digest[31] ^= 1;
	assert_int_equal(judge(SOFT_AK), VERDICT_PCR_DIGEST);
	quote.digest[31] ^= 1;
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	values[sizeof(values) - 1] ^= 1;
	assert_int_equal(judge(SOFT_AK), VERDICT_PCR_DIGEST);
}

static void malformed_though_signed(void **state)
{
	(void)state;
	quote.more = 1;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_FORMAT);
	set_up(NULL);
	quote.safe = 2;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_FORMAT);
	set_up(NULL);
	quote.select_size = 4;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_FORMAT);
	set_up(NULL);
	quote.select_size = 2;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_FORMAT);
	set_up(NULL);
	quote.banks = TPM_BANKS_MAX + 1;
	assert_int_equal(judge(SOFT_AK), VERDICT_ATTEST_FORMAT);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	struct attested a;
	assert_int_equal(judge(SOFT_AK), VERDICT_GOOD);
	for (size_t n = 0; n < made.n; n++) {
		const struct bytes_view cut = { made.bytes, n };
		assert_int_equal(attested_read(&cut, TPM_ST_ATTEST_QUOTE, &a), VERDICT_ATTEST_FORMAT);
	}
}

static void an_nv_certification_reads(void **state)
{
	(void)state;
	struct attested a;
	const struct bytes_view name = { extra, 20 };
	const struct bytes_view content = { values, 16 };
	quote = soft_certify(&name, &content, extra);
	soft_sign(SOFT_AK, &quote, &made);
	struct signed_view s = soft_view(&made);
	assert_int_equal(attested_verify(&s, soft_key(SOFT_AK)), VERDICT_GOOD);
	assert_int_equal(attested_read(&s.attest, TPM_ST_ATTEST_QUOTE, &a), VERDICT_ATTEST_TYPE);
	assert_int_equal(attested_read(&s.attest, TPM_ST_ATTEST_NV, &a), VERDICT_GOOD);
	assert_int_equal(a.nv.offset, 0);
	assert_int_equal(a.nv.name.n, 20);
	assert_int_equal(a.nv.content.n, 16);
	assert_memory_equal(a.nv.content.bytes, values, 16);
}

static void verdicts_have_words(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(VERDICT_GOOD), "GOOD");
	assert_string_equal(verdict_name(VERDICT_SELECTION), "SELECTION");
	assert_string_equal(verdict_name((enum verdict)9999), "INTERNAL");
	assert_true(strlen(verdict_words(VERDICT_NV_FLOOR)) > 10);
	assert_true(strlen(verdict_advice(VERDICT_NV_FLOOR)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_quote_passes, set_up),
		cmocka_unit_test_setup(the_digest_is_a_whole_one, set_up),
		cmocka_unit_test_setup(another_key_is_refused, set_up),
		cmocka_unit_test_setup(the_magic_is_demanded, set_up),
		cmocka_unit_test_setup(the_type_is_demanded, set_up),
		cmocka_unit_test_setup(the_selection_is_exact, set_up),
		cmocka_unit_test_setup(the_values_are_the_quoted_ones, set_up),
		cmocka_unit_test_setup(malformed_though_signed, set_up),
		cmocka_unit_test_setup(every_cut_is_refused, set_up),
		cmocka_unit_test_setup(an_nv_certification_reads, set_up),
		cmocka_unit_test_setup(verdicts_have_words, set_up),
	};
	return cmocka_run_group_tests_name("attest_quote", tests, NULL, NULL);
}
