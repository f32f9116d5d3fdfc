/* The evidence container: one encoding, every length and the order held; and the claim's digest. */
#include "attest/evidence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { AT_VERSION = 8, AT_LENGTH = 12, AT_CLAIM = 16, AT_AK = AT_CLAIM + 8 + CLAIM_SIZE, ROOM = 16384 };

static u8 claim[CLAIM_SIZE], ak[90], attest[101], values[EVIDENCE_PCR_COUNT * SHA256_SIZE], head[4096], boot_log[77];
static u8 signature[TPM_SIGNATURE_SIZE];
static u8 bytes[ROOM], again[ROOM];
static size_t used;
static struct evidence parsed;

static struct evidence good_evidence(void)
{
	struct evidence e = {
		.claim = { claim, sizeof(claim) },
		.ak = { ak, sizeof(ak) },
		.quote = { { attest, sizeof(attest) }, signature },
		.pcrs = { values, sizeof(values) },
		.head = { head, sizeof(head) },
		.log = { boot_log, sizeof(boot_log) },
	};
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		if (i != 1)
			e.nv[i] = (struct signed_view){ { attest, 50 + i }, signature };
	return e;
}

static int set_up(void **state)
{
	(void)state;
	memset(signature, 0x5A, sizeof(signature));
	for (size_t i = 0; i < sizeof(values); i++)
		values[i] = (u8)(i / SHA256_SIZE);
	struct evidence e = good_evidence();
	return evidence_build(&e, bytes, sizeof(bytes), &used) == OK ? 0 : -1;
}

static void what_is_built_parses_back(void **state)
{
	(void)state;
	size_t n;
	assert_int_equal(evidence_parse(bytes, used, &parsed), OK);
	assert_int_equal(parsed.log.n, sizeof(boot_log));
	assert_int_equal(parsed.nv[1].attest.n, 0);
	assert_int_equal(parsed.nv[3].attest.n, 53);
	assert_int_equal(evidence_build(&parsed, again, sizeof(again), &n), OK);
	assert_int_equal(n, used);
	assert_memory_equal(again, bytes, used);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < used; n++) {
		assert_int_equal(evidence_parse(bytes, n, &parsed), ERR_EVIDENCE_FORMAT);
		/* Also when the header goes along. */
		if (n < EVIDENCE_HEADER_SIZE)
			continue;
		memcpy(again, bytes, n);
		store_le32(again + AT_LENGTH, (u32)n);
		assert_int_equal(evidence_parse(again, n, &parsed), ERR_EVIDENCE_FORMAT);
	}
	assert_int_equal(evidence_parse(bytes, used + 1, &parsed), ERR_EVIDENCE_FORMAT);
}

static void heads_have_one_value(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		u32 value;
	} changes[] = {
		{ 0, 0 },
		{ AT_VERSION, 0 },
		{ AT_VERSION, 2 },
		{ AT_LENGTH, 0 },
		{ AT_CLAIM, EVIDENCE_AK },
		{ AT_CLAIM, EVIDENCE_KIND_END },
		{ AT_CLAIM + 4, CLAIM_SIZE - 8 },
		{ AT_CLAIM + 4, CLAIM_SIZE + 8 },
		{ AT_CLAIM + 4, 0xFFFFFFFF },
		{ AT_AK, EVIDENCE_CLAIM },
		{ AT_AK + 4, 0 },
		{ AT_AK + 4, 0xFFFFFFF9 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(again, bytes, used);
		store_le32(again + changes[i].at, changes[i].value);
		assert_int_equal(evidence_parse(again, used, &parsed), ERR_EVIDENCE_FORMAT);
	}
}

static void padding_is_zero(void **state)
{
	(void)state;
	/* The AK's 90 bytes are followed by 6 of padding. */
	assert_int_equal(evidence_parse(bytes, used, &parsed), OK);
	bytes[AT_AK + 8 + sizeof(ak)] = 1;
	assert_int_equal(evidence_parse(bytes, used, &parsed), ERR_EVIDENCE_FORMAT);
	set_up(NULL);
	bytes[used - 1] = 1;
	assert_int_equal(evidence_parse(bytes, used, &parsed), ERR_EVIDENCE_FORMAT);
}

static void an_absent_certification_has_no_signature(void **state)
{
	(void)state;
	assert_int_equal(evidence_parse(bytes, used, &parsed), OK);
	bytes[(size_t)(parsed.nv[1].signature - bytes)] = 1;
	assert_int_equal(evidence_parse(bytes, used, &parsed), ERR_EVIDENCE_FORMAT);
}

/* The bytes again with the content of that kind longer by more, 8 bytes at a time, where a signed one begins too. */
static enum err parse_grown(enum evidence_kind kind, bool is_signed, size_t more)
{
	size_t at = EVIDENCE_HEADER_SIZE;

	while (load_le32(bytes + at) != (u32)kind)
		at += 8 + align_up(load_le32(bytes + at + 4), 8);
	size_t end = at + 8 + (is_signed ? 4 : 0);
	memcpy(again, bytes, end);
	memset(again + end, 0, more);
	memcpy(again + end + more, bytes + end, used - end);
	store_le32(again + at + 4, load_le32(bytes + at + 4) + (u32)more);
	if (is_signed)
		store_le32(again + at + 8, load_le32(bytes + at + 8) + (u32)more);
	store_le32(again + AT_LENGTH, (u32)(used + more));
	return evidence_parse(again, used + more, &parsed);
}

static void parsed_parts_have_the_same_bounds(void **state)
{
	static const struct {
		enum evidence_kind kind;
		bool is_signed;
		size_t fits, more;
	} rows[] = {
		{ EVIDENCE_CLAIM, false, 0, 8 },
		{ EVIDENCE_AK, false, EVIDENCE_AK_MAX - 96, EVIDENCE_AK_MAX - 88 },
		{ EVIDENCE_QUOTE, true, EVIDENCE_ATTEST_MAX - 104, EVIDENCE_ATTEST_MAX - 96 },
		{ EVIDENCE_PCR_VALUES, false, 0, SHA256_SIZE },
		{ EVIDENCE_NV, true, EVIDENCE_ATTEST_MAX - 56, EVIDENCE_ATTEST_MAX - 48 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(parse_grown(rows[i].kind, rows[i].is_signed, rows[i].fits), OK);
		assert_int_equal(parse_grown(rows[i].kind, rows[i].is_signed, rows[i].more), ERR_EVIDENCE_FORMAT);
	}
}

static void parts_have_bounds(void **state)
{
	(void)state;
	static u8 big[EVIDENCE_LOG_MAX + 1];
	static u8 room[EVIDENCE_SIZE_MAX];
	struct evidence e = good_evidence();
	size_t n;
	e.log = (struct bytes_view){ big, EVIDENCE_LOG_MAX };
	e.head = (struct bytes_view){ big, IMAGE_HEAD_MAX };
	e.quote.attest = (struct bytes_view){ big, EVIDENCE_ATTEST_MAX };
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		e.nv[i] = e.quote;
	assert_int_equal(evidence_build(&e, room, sizeof(room), &n), OK);
	assert_int_equal(evidence_parse(room, n, &parsed), OK);
	assert_int_equal(evidence_build(&e, room, n - 1, &n), ERR_NO_MEMORY);
	e.log.n++;
	assert_int_equal(evidence_build(&e, room, sizeof(room), &n), ERR_RANGE);
	e = good_evidence();
	e.claim.n--;
	assert_int_equal(evidence_build(&e, room, sizeof(room), &n), ERR_RANGE);
	e = good_evidence();
	e.head.n = IMAGE_HEADER_SIZE - 1;
	assert_int_equal(evidence_build(&e, room, sizeof(room), &n), ERR_RANGE);
}

static void pcrs_stand_in_order(void **state)
{
	(void)state;
	assert_int_equal(evidence_parse(bytes, used, &parsed), OK);
	assert_int_equal(evidence_pcr(&parsed, 0)[0], 0);
	assert_int_equal(evidence_pcr(&parsed, 7)[0], 7);
	assert_int_equal(evidence_pcr(&parsed, 12)[0], 8);
	assert_int_equal(evidence_pcr(&parsed, 14)[31], 10);
	assert_null(evidence_pcr(&parsed, 8));
	assert_null(evidence_pcr(&parsed, 15));
	assert_null(evidence_pcr(&parsed, 99));
}

static void a_claim_is_bound_whole(void **state)
{
	(void)state;
	struct claim c;
	u8 encoded[CLAIM_SIZE], digest[SHA256_SIZE], other[SHA256_SIZE];
	for (size_t i = 0; i < sizeof(claim); i++)
		claim[i] = (u8)i;
	claim_decode(claim, &c);
	claim_encode(&c, encoded);
	assert_memory_equal(encoded, claim, sizeof(claim));
	assert_int_equal(c.tls_key[0], CLAIM_SIZE - SHA256_SIZE);
	claim_qualifying(claim, digest);
	for (size_t i = 0; i < sizeof(claim); i++) {
		claim[i] ^= 1;
		claim_qualifying(claim, other);
		assert_memory_not_equal(digest, other, sizeof(digest));
		claim[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_built_parses_back, set_up),
		cmocka_unit_test_setup(every_cut_is_refused, set_up),
		cmocka_unit_test_setup(heads_have_one_value, set_up),
		cmocka_unit_test_setup(padding_is_zero, set_up),
		cmocka_unit_test_setup(an_absent_certification_has_no_signature, set_up),
		cmocka_unit_test_setup(parsed_parts_have_the_same_bounds, set_up),
		cmocka_unit_test_setup(parts_have_bounds, set_up),
		cmocka_unit_test_setup(pcrs_stand_in_order, set_up),
		cmocka_unit_test_setup(a_claim_is_bound_whole, set_up),
	};
	return cmocka_run_group_tests_name("attest_evidence", tests, NULL, NULL);
}
