/*
 * Framing: one good response of each shape passes; cut short, made longer or with any header or size field changed it
 * is refused by its own error. Trust: test code.
 */
#include "lib/print.h"
#include "lib/tpm/admin.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/key.h"
#include "lib/tpm/nv.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/public.h"
#include "lib/tpm/session.h"
#include "lib/tpm/startup.h"
#include "lib/tpm/types_beyond.h"
#include "tests/tpm/ak.h"
#include "tests/tpm/scripted.h"
#include "tests/unit/hex.h"
#include "update/nv_tpm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct scripted script;
static struct tpm tpm;
static u8 bytes[TPM_BUFFER_SIZE];

/* Answers with these bytes; hexadecimal. */
static void answer(const char *text)
{
	memset(&script, 0, sizeof(script));
	script.size = hex_size(text);
	script.response = bytes;
	unhex(bytes, script.size, text);
	tpm_init(&tpm, scripted_transport(&script));
}

/* An NV read of four bytes: a response with an authorization area. */
#define NV_READ_ANSWER "8002 00000019 00000000 00000006 0004 C0FFEE42 0000 01 0000"

static enum err read_nv(void)
{
	u8 out[4];
	return tpm_nv_read(&tpm, 0x01805100, out, sizeof(out));
}

static void a_good_response_passes(void **state)
{
	u8 out[4];
	(void)state;
	answer(NV_READ_ANSWER);
	assert_int_equal(tpm_nv_read(&tpm, 0x01805100, out, sizeof(out)), OK);
	assert_int_equal(load_be32(out), 0xC0FFEE42);
	assert_int_equal(tpm.command_code, TPM_CC_NV_Read);
	assert_int_equal(tpm.response_code, TPM_RC_SUCCESS);
}

static void a_command_is_framed_as_specified(void **state)
{
	u8 expected[35];
	(void)state;
	answer(NV_READ_ANSWER);
	assert_int_equal(read_nv(), OK);
	unhex(expected, sizeof(expected),
	        "8002 00000023 0000014E 01805100 01805100 00000009 40000009 0000 01 0000 0004 0000");
	assert_int_equal(script.last_size, sizeof(expected));
	assert_memory_equal(script.last, expected, sizeof(expected));
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	answer(NV_READ_ANSWER);
	size_t whole = script.size;
	for (size_t n = 0; n < whole; n++) {
		answer(NV_READ_ANSWER);
		script.size = n;
		assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
		/* The same with a header that owns up to it. */
		store_be32(bytes + 2, (u32)n);
		assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
	}
}

static void trailing_bytes_are_refused(void **state)
{
	(void)state;
	answer(NV_READ_ANSWER "00");
	assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
	store_be32(bytes + 2, (u32)script.size);
	assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
	/* Behind the parameters, inside what parameterSize covers. */
	answer("8002 0000001A 00000000 00000007 0004 C0FFEE42 00 0000 01 0000");
	assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
}

static void every_size_field_counts(void **state)
{
	static const char *const answers[] = {
		"8001 00000019 00000000 00000006 0004 C0FFEE42 0000 01 0000", /* tag without sessions */
		"0000 00000019 00000000 00000006 0004 C0FFEE42 0000 01 0000",
		"8002 00000018 00000000 00000006 0004 C0FFEE42 0000 01 0000", /* header size */
		"8002 0000001A 00000000 00000006 0004 C0FFEE42 0000 01 0000",
		"8002 00000019 00000000 00000005 0004 C0FFEE42 0000 01 0000", /* parameter size */
		"8002 00000019 00000000 FFFFFFFF 0004 C0FFEE42 0000 01 0000",
		"8002 00000019 00000000 00000006 0003 C0FFEE42 0000 01 0000", /* data size */
		"8002 00000019 00000000 00000006 0005 C0FFEE42 0000 01 0000",
		"8002 00000019 00000000 00000006 0004 C0FFEE42 0001 01 0000", /* nonce size */
		"8002 00000019 00000000 00000006 0004 C0FFEE42 0000 01 0001", /* HMAC size */
		"8002 0000001A 00000000 00000006 0004 C0FFEE42 0000 01 0001 AA", /* an HMAC */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		answer(answers[i]);
		assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
	}
}

static void a_refusal_keeps_its_code(void **state)
{
	(void)state;
	answer("8001 0000000A 0000018B");
	assert_int_equal(read_nv(), ERR_TPM_REFUSED);
	assert_int_equal(tpm.response_code, 0x18B);
	assert_true(tpm_refused_with(&tpm, ERR_TPM_REFUSED, TPM_RC_HANDLE));
	assert_false(tpm_refused_with(&tpm, ERR_TPM_REFUSED, TPM_RC_VALUE));
	assert_false(tpm_refused_with(&tpm, ERR_TPM_RESPONSE, TPM_RC_HANDLE));
	/* With a tag of its own or bytes behind it, it is none. */
	answer("8002 0000000A 0000018B");
	assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
	answer("8001 0000000B 0000018B 00");
	assert_int_equal(read_nv(), ERR_TPM_RESPONSE);
}

static void codes_lose_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(tpm_rc_base(0x98E), TPM_RC_AUTH_FAIL);
	assert_int_equal(tpm_rc_base(0x1C4), TPM_RC_VALUE);
	assert_int_equal(tpm_rc_base(0x14B), TPM_RC_NV_SPACE);
	assert_int_equal(tpm_rc_base(0x922), TPM_RC_RETRY);
	assert_int_equal(tpm_rc_base(0), TPM_RC_SUCCESS);
}

static void silence_is_no_tpm(void **state)
{
	(void)state;
	answer("FFFFFFFFFFFFFFFFFFFFFFFF");
	assert_int_equal(read_nv(), ERR_TPM_ABSENT);
	answer("000000000000000000000000");
	assert_int_equal(read_nv(), ERR_TPM_ABSENT);
}

static void patience_is_bounded(void **state)
{
	static const u32 again[] = { TPM_RC_RETRY, TPM_RC_YIELDED, TPM_RC_TESTING, TPM_RC_NV_RATE,
		TPM_RC_NV_UNAVAILABLE };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		answer(NV_READ_ANSWER);
		script.code = again[i];
		script.code_times = 100;
		assert_int_equal(read_nv(), OK);
		assert_int_equal(script.paused, 100);
		script.code_times = UINT32_MAX;
		script.submitted = 0;
		assert_int_equal(read_nv(), ERR_TPM_REFUSED);
		assert_int_equal(tpm.response_code, again[i]);
		assert_int_equal(script.submitted, 101);
	}
	answer(NV_READ_ANSWER);
	script.code = TPM_RC_LOCKOUT;
	script.code_times = 1;
	assert_int_equal(read_nv(), ERR_TPM_REFUSED);
}

static void no_pause_is_no_crash(void **state)
{
	(void)state;
	answer(NV_READ_ANSWER);
	tpm.transport.pause = NULL;
	script.code = TPM_RC_RETRY;
	script.code_times = 3;
	assert_int_equal(read_nv(), OK);
}

/* PCR banks: sha1 off, sha256 on. */
static void banks_are_judged(void **state)
{
	struct tpm_banks banks;
	(void)state;
#define BANKS(list) "8001 0000001F 00000000 00 00000005" list
	answer(BANKS("00000002 0004 03 000000 000B 03 FFFFFF"));
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), OK);
	assert_int_equal(banks.count, 1);
	assert_int_equal(banks.alg[0], TPM_ALG_SHA256);
	answer(BANKS("00000002 0004 03 000000 000B 03 000000"));
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_BANK);
	answer(BANKS("00000002 0004 03 000000 000B 03 FFFF7F")); /* without PCR 23 */
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_BANK);
	answer(BANKS("00000002 0004 03 FFFFFF 000B 03 000000")); /* SHA-1 alone */
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_BANK);
	answer(BANKS("00000002 0004 03 000000 0999 03 FFFFFF")); /* of an unknown algorithm */
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_BANK);
	answer(BANKS("00000002 0004 02 000000 000B 03 FFFFFF"));
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_RESPONSE);
	answer(BANKS("FFFFFFFF 0004 03 000000 000B 03 FFFFFF"));
	assert_int_equal(tpm_pcr_banks(&tpm, &banks), ERR_TPM_RESPONSE);
}

static void a_missing_pcr_is_told(void **state)
{
	struct tpm_bank_digest value;
	(void)state;
	answer("8001 00000021 00000000 00000001 00000001 0004 03 000000 00000000 00000000 0000");
	store_be32(bytes + 2, (u32)script.size);
	assert_int_equal(tpm_pcr_read(&tpm, TPM_ALG_SHA1, 7, &value), ERR_TPM_BANK);
	assert_int_equal(tpm_pcr_read(&tpm, 0x999, 7, &value), ERR_RANGE);
}

/* A TPM, or what stands between, that names another key than the one asked for. */
static void a_false_name_is_noticed(void **state)
{
	static const u8 key[P256_KEY_SIZE] = { 1 };
	struct tpm_name name;
	char text[2 * TPM_NAME_MAX + 1], whole[256];
	u32 handle;
	(void)state;
	policy_key_name(key, &name);
	hex_encode(text, name.bytes, name.size);
	snprintf(whole, sizeof(whole),
	        "8001 00000032 00000000 80000000 0022"
	        "%s",
	        text);
	answer(whole);
	assert_int_equal(tpm_load_external(&tpm, key, &handle), OK);
	bytes[script.size - 1] ^= 1;
	assert_int_equal(tpm_load_external(&tpm, key, &handle), ERR_TPM_RESPONSE);
}

/* Public area of an index as provisioning makes it, but of this nameAlg; answered for this index. */
static void answer_nv_public(u16 name_alg, u32 index)
{
	u8 area[46] = { 0 };
	struct writer w = writer_on(area, sizeof(area));
	write_be32(&w, index);
	write_be16(&w, name_alg);
	write_be32(&w, TPMA_NV_POLICYWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_WRITTEN);
	write_be16(&w, SHA256_SIZE);
	write_zero(&w, SHA256_SIZE);
	write_be16(&w, STATE_RECORD_SIZE);
	struct tpm_name name;
	tpm_name_of(area, w.used, &name);
	answer("8001 0000005E 00000000");
	w = writer_on(bytes + script.size, sizeof(bytes) - script.size);
	write_tpm2b(&w, area, sizeof(area));
	write_name(&w, &name);
	script.size += w.used;
	store_be32(bytes + 2, (u32)script.size);
}

static void an_index_is_ours_with_our_name_only(void **state)
{
	static const u8 key[P256_KEY_SIZE] = { 1 };
	struct nv_tpm nv;
	bool written = false;
	(void)state;
	answer_nv_public(TPM_ALG_SHA256, NV_HANDLE_BASE);
	assert_int_equal(nv_tpm_init(&nv, &tpm, key, NULL), OK);
	assert_int_equal(nv_tpm_check(&nv, NV_STATE_0, &written), OK);
	assert_true(written);
	/* Another index's answer; the right index's with a false Name; ours under another hash. */
	answer_nv_public(TPM_ALG_SHA256, NV_HANDLE_BASE + 1);
	assert_int_equal(nv_tpm_check(&nv, NV_STATE_0, &written), ERR_TPM_RESPONSE);
	answer_nv_public(TPM_ALG_SHA256, NV_HANDLE_BASE);
	bytes[script.size - 1] ^= 1;
	assert_int_equal(nv_tpm_check(&nv, NV_STATE_0, &written), ERR_TPM_RESPONSE);
	answer_nv_public(TPM_ALG_SHA3_256, NV_HANDLE_BASE);
	assert_int_equal(nv_tpm_check(&nv, NV_STATE_0, &written), ERR_NV_FOREIGN);
}

static void commands_that_do_not_fit_are_not_sent(void **state)
{
	struct tpm_auth_value long_value = { .size = TPM_AUTH_VALUE_MAX + 1 };
	u8 data[TPM_NV_DATA_MAX + 1] = { 0 };
	(void)state;
	answer(NV_READ_ANSWER);
	assert_int_equal(tpm_hierarchy_change_auth(&tpm, TPM_RH_OWNER, NULL, &long_value), ERR_RANGE);
	assert_int_equal(tpm_nv_write(&tpm, 1, TPM_RS_PW, data, sizeof(data)), ERR_RANGE);
	struct tpm_command c = tpm_command_begin(&tpm, TPM_CC_NV_Write);
	write_zero(&c.w, TPM_BUFFER_SIZE);
	assert_int_equal(tpm_command_run_plain(&c), ERR_RANGE);
	assert_int_equal(script.submitted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_response_passes),
		cmocka_unit_test(a_command_is_framed_as_specified),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(every_size_field_counts),
		cmocka_unit_test(a_refusal_keeps_its_code),
		cmocka_unit_test(codes_lose_their_numbers),
		cmocka_unit_test(silence_is_no_tpm),
		cmocka_unit_test(patience_is_bounded),
		cmocka_unit_test(no_pause_is_no_crash),
		cmocka_unit_test(banks_are_judged),
		cmocka_unit_test(a_missing_pcr_is_told),
		cmocka_unit_test(a_false_name_is_noticed),
		cmocka_unit_test(an_index_is_ours_with_our_name_only),
		cmocka_unit_test(commands_that_do_not_fit_are_not_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
