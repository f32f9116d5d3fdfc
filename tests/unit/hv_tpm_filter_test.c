/*
 * The TPM port's filter: what an agent needs passes, and what was loaded through the port is known. What must not pass
 * is in tests/adversarial/tpm_port_test.c.
 */
#include "hv/node/tpm_filter.h"
#include "tests/unit/tpm_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

enum {
	OBJECT = 0x80000001,
	OTHER_OBJECT = 0x80000002,
	HMAC = 0x02000000,
	POLICY = 0x03000001,
	KEY = 0x81010001,
	NV = 0x01C00002
};

static struct tpm_filter filter;
static struct sample s;

static int set_up(void **state)
{
	(void)state;
	filter = (struct tpm_filter){ .held = { OBJECT, 0, POLICY } };
	return 0;
}

static u32 judge(void)
{
	return tpm_filter_command(&filter, s.bytes, sample_end(&s));
}

static void answer(u32 code, u32 handle)
{
	u8 response[14];
	size_t n = sample_response(response, code, handle);

	tpm_filter_response(&filter, response, n);
}

static void create_primary(void)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_CreatePrimary);
	sample_handle(&s, TPM_RH_ENDORSEMENT);
	sample_passwords(&s, 1);
	sample_sized(&s, 4);
	sample_sized(&s, 90);
	sample_sized(&s, 0);
	write_be32(&s.w, 0);
}

static void start_session(void)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_StartAuthSession);
	sample_handle(&s, TPM_RH_NULL);
	sample_handle(&s, TPM_RH_NULL);
	sample_sized(&s, 16);
	sample_sized(&s, 0);
	write_u8(&s.w, TPM_SE_POLICY);
	write_be16(&s.w, TPM_ALG_NULL);
	write_be16(&s.w, TPM_ALG_SHA256);
}

static void flush(u32 handle)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_FlushContext);
	sample_handle(&s, handle);
}

static void quote(u32 key, u32 session, u8 attributes)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_Quote);
	sample_handle(&s, key);
	write_be32(&s.w, 9);
	sample_session(&s, session, attributes);
	sample_sized(&s, 32);
	write_be16(&s.w, TPM_ALG_NULL);
	write_pcr_selection(&s.w, (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA256, .pcrs = BIT(14) });
}

/* Handles, sessions, then parameters as in the rule: 2 is 20 sized bytes, w, h, b, q zeros, s ECDSA, p PCR14. */
static void write_command(u32 code, const u32 *handles, u32 count, u32 passwords, const char *parameters)
{
	sample_begin(&s, passwords ? TPM_ST_SESSIONS : TPM_ST_NO_SESSIONS, code);
	for (u32 i = 0; i < count; i++)
		sample_handle(&s, handles[i]);
	if (passwords)
		sample_passwords(&s, passwords);
	for (; *parameters; parameters++) {
		switch (*parameters) {
		case '2':
			sample_sized(&s, 20);
			break;
		case 's':
			write_be16(&s.w, TPM_ALG_ECDSA);
			write_be16(&s.w, TPM_ALG_SHA256);
			break;
		case 'p':
			write_pcr_selection(&s.w, (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA384, .pcrs = BIT(14) });
			break;
		default:
			write_zero(&s.w, *parameters == 'q' ? 8 : *parameters == 'w' ? 4 : *parameters == 'h' ? 2 : 1);
		}
	}
}

static void lets_an_agent_work(void **state)
{
	(void)state;
	static const struct {
		u32 code, count, handle[3], passwords;
		const char *parameters;
	} good[] = {
		{ TPM_CC_GetCapability, 0, { 0 }, 0, "www" },
		{ TPM_CC_GetRandom, 0, { 0 }, 0, "h" },
		{ TPM_CC_ReadPublic, 1, { KEY }, 0, "" },
		{ TPM_CC_ReadPublic, 1, { OBJECT }, 0, "" },
		{ TPM_CC_PCR_Read, 0, { 0 }, 0, "p" },
		{ TPM_CC_Certify, 2, { OBJECT, KEY }, 2, "2s" },
		{ TPM_CC_NV_Certify, 3, { KEY, NV, NV }, 2, "2shh" },
		{ TPM_CC_NV_Read, 2, { NV, NV }, 1, "hh" },
		{ TPM_CC_NV_ReadPublic, 1, { NV }, 0, "" },
		{ TPM_CC_ActivateCredential, 2, { KEY, OBJECT }, 2, "22" },
		{ TPM_CC_PolicySecret, 2, { TPM_RH_ENDORSEMENT, POLICY }, 1, "222w" },
		{ TPM_CC_PolicyPCR, 1, { POLICY }, 0, "2p" },
		{ TPM_CC_PolicyOR, 1, { POLICY }, 0, "w" },
		{ TPM_CC_PolicyCommandCode, 1, { POLICY }, 0, "w" },
		{ TPM_CC_PolicyAuthValue, 1, { POLICY }, 0, "" },
		{ TPM_CC_PolicyGetDigest, 1, { POLICY }, 0, "" },
		{ TPM_CC_PolicyRestart, 1, { POLICY }, 0, "" },
		{ TPM_CC_Create, 1, { OBJECT }, 1, "222p" },
		{ TPM_CC_Load, 1, { OBJECT }, 1, "22" },
		{ TPM_CC_Sign, 1, { OBJECT }, 1, "2shw2" },
		{ TPM_CC_GetTime, 2, { TPM_RH_ENDORSEMENT, KEY }, 2, "2s" },
		{ TPM_CC_ReadClock, 0, { 0 }, 0, "" },
		{ TPM_CC_ContextSave, 1, { OBJECT }, 0, "" },
		{ TPM_CC_TestParms, 0, { 0 }, 0, "hhhh" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		write_command(good[i].code, good[i].handle, good[i].count, good[i].passwords, good[i].parameters);
		assert_int_equal(judge(), TPM_RC_SUCCESS);
		/* One byte more or less is another command. */
		write_u8(&s.w, 0);
		if (good[i].code != TPM_CC_TestParms)
			assert_int_not_equal(judge(), TPM_RC_SUCCESS);
		s.w.used -= 2;
		if (good[i].code != TPM_CC_TestParms)
			assert_int_not_equal(judge(), TPM_RC_SUCCESS);
	}
}

static void knows_what_was_loaded(void **state)
{
	(void)state;
	create_primary();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, OTHER_OBJECT);
	quote(OTHER_OBJECT, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	start_session();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, HMAC);
	quote(OBJECT, HMAC, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	/* What the TPM refused left nothing behind. */
	filter.held[1] = 0;
	create_primary();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_VALUE, 0);
	quote(OTHER_OBJECT, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_HANDLE);
}

static void leaves_room_to_root_mode(void **state)
{
	(void)state;
	filter.held[1] = OTHER_OBJECT;
	filter.held[3] = HMAC;
	create_primary();
	assert_int_equal(judge(), TPM_RC_OBJECT_MEMORY);
	start_session();
	assert_int_equal(judge(), TPM_RC_SESSION_MEMORY);
	flush(OTHER_OBJECT);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, 0);
	create_primary();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	flush(HMAC);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, 0);
	start_session();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

/* A session that is not to be continued ends with the command, if that succeeds. */
static void forgets_what_has_ended(void **state)
{
	(void)state;
	quote(OBJECT, POLICY, 0);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_VALUE, 0);
	quote(OBJECT, POLICY, 0);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, 0);
	quote(OBJECT, POLICY, 0);
	assert_int_equal(judge(), TPM_RC_HANDLE);
	flush(OBJECT);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, 0);
	flush(OBJECT);
	assert_int_equal(judge(), TPM_RC_VALUE);
}

static void keeps_a_session_that_is_to_be_continued(void **state)
{
	(void)state;
	for (u32 i = 0; i < 3; i++) {
		quote(OBJECT, POLICY, TPMA_SESSION_CONTINUESESSION);
		assert_int_equal(judge(), TPM_RC_SUCCESS);
		answer(TPM_RC_SUCCESS, 0);
	}
	assert_int_equal(filter.held[2], POLICY);
}

static void load_context(u32 saved)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_ContextLoad);
	write_be64(&s.w, 1);
	write_be32(&s.w, saved);
	write_be32(&s.w, TPM_RH_OWNER);
	sample_sized(&s, 200);
}

/* It keeps its handle, and its place: also where there would be no other. */
static void a_session_loaded_again_is_the_same(void **state)
{
	(void)state;
	filter.held[1] = OTHER_OBJECT;
	for (u32 i = 0; i < 2; i++) {
		filter.held[1] = i ? 0 : OTHER_OBJECT;
		load_context(POLICY);
		assert_int_equal(judge(), i ? TPM_RC_SUCCESS : TPM_RC_OBJECT_MEMORY);
	}
	answer(TPM_RC_SUCCESS, POLICY);
	assert_int_equal(filter.held[2], POLICY);
	assert_int_equal(filter.held[3], 0);
	quote(OBJECT, POLICY, TPMA_SESSION_CONTINUESESSION);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

static void policy_or(u32 count, u16 n)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_PolicyOR);
	sample_handle(&s, POLICY);
	write_be32(&s.w, count);
	for (u32 i = 0; i < count; i++)
		sample_sized(&s, n);
}

static void a_list_is_followed_to_its_end(void **state)
{
	(void)state;
	policy_or(2, 32);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	write_u8(&s.w, 0);
	assert_int_equal(judge(), TPM_RC_VALUE);
	s.w.used -= 2;
	assert_int_equal(judge(), TPM_RC_VALUE);
	policy_or(8, 32);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	policy_or(9, 32);
	assert_int_equal(judge(), TPM_RC_VALUE);
}

/* Half a handle is told from a wrong one. */
static void a_handle_is_whole(void **state)
{
	(void)state;
	write_command(TPM_CC_ReadPublic, (u32[]){ OTHER_OBJECT }, 1, 0, "");
	assert_int_equal(judge(), TPM_RC_HANDLE);
	s.w.used--;
	assert_int_equal(judge(), TPM_RC_INSUFFICIENT);
	write_command(TPM_CC_ReadPublic, (u32[]){ OBJECT }, 1, 0, "");
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

static void saves_and_loads_contexts(void **state)
{
	(void)state;
	static const struct {
		u32 handle, verdict;
	} saved[] = { { 0x80000000, TPM_RC_SUCCESS }, { POLICY, TPM_RC_SUCCESS }, { HMAC, TPM_RC_VALUE },
		{ KEY, TPM_RC_VALUE } };

	for (size_t i = 0; i < ARRAY_SIZE(saved); i++) {
		load_context(saved[i].handle);
		assert_int_equal(judge(), saved[i].verdict);
	}
	load_context(0x80000000);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	answer(TPM_RC_SUCCESS, OTHER_OBJECT);
	quote(OTHER_OBJECT, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

static void gives_everything_back(void **state)
{
	(void)state;
	filter.held[1] = OTHER_OBJECT;
	u32 sum = 0;

	for (u32 i = 0; i < 3; i++) {
		u32 handle = tpm_filter_take(&filter);

		sum |= handle == OBJECT ? BIT(0) : handle == OTHER_OBJECT ? BIT(1) : handle == POLICY ? BIT(2) : BIT(3);
	}
	assert_int_equal(sum, 7);
	assert_int_equal(tpm_filter_take(&filter), 0);
	quote(OBJECT, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_HANDLE);
}

/* The TPM may have loaded what it did not tell of: root mode's room stays. */
static void counts_what_got_no_response(void **state)
{
	(void)state;
	quote(OBJECT, POLICY, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	tpm_filter_no_response(&filter);
	create_primary();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	tpm_filter_no_response(&filter);
	create_primary();
	assert_int_equal(judge(), TPM_RC_OBJECT_MEMORY);
	start_session();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	tpm_filter_no_response(&filter);
	start_session();
	assert_int_equal(judge(), TPM_RC_SESSION_MEMORY);
	flush(FILTER_UNNAMED);
	assert_int_not_equal(judge(), TPM_RC_SUCCESS);
	/* Closing the port gives back what has a name, and that alone. */
	assert_int_equal(tpm_filter_take(&filter), OBJECT);
	assert_int_equal(tpm_filter_take(&filter), POLICY);
	assert_int_equal(tpm_filter_take(&filter), 0);
	for (u32 i = 0; i < FILTER_OBJECTS_MAX - 1; i++) {
		create_primary();
		assert_int_equal(judge(), TPM_RC_SUCCESS);
		answer(TPM_RC_SUCCESS, OTHER_OBJECT);
	}
	create_primary();
	assert_int_equal(judge(), TPM_RC_OBJECT_MEMORY);
}

/* Nothing is read of a response that is not there; what was loaded by a whole one is held. */
static void reads_no_further_than_the_response(void **state)
{
	(void)state;
	for (size_t n = 0; n < 14; n++) {
		u8 *exact = malloc(n ? n : 1), whole[14];
		(void)sample_response(whole, TPM_RC_SUCCESS, OTHER_OBJECT);
		memcpy(exact, whole, n);
		set_up(NULL);
		create_primary();
		assert_int_equal(judge(), TPM_RC_SUCCESS);
		tpm_filter_response(&filter, exact, n);
		free(exact);
		assert_int_equal(tpm_filter_take(&filter), OBJECT);
		assert_int_equal(tpm_filter_take(&filter), POLICY);
		assert_int_equal(tpm_filter_take(&filter), 0);
	}
}

static void refuses_in_the_tpms_words(void **state)
{
	(void)state;
	u8 out[TPM_REFUSAL_SIZE];

	tpm_refusal(TPM_RC_COMMAND_CODE, out);
	assert_memory_equal(out, "\x80\x01\0\0\0\x0a\0\0\x01\x43", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lets_an_agent_work, set_up),
		cmocka_unit_test_setup(knows_what_was_loaded, set_up),
		cmocka_unit_test_setup(leaves_room_to_root_mode, set_up),
		cmocka_unit_test_setup(forgets_what_has_ended, set_up),
		cmocka_unit_test_setup(keeps_a_session_that_is_to_be_continued, set_up),
		cmocka_unit_test_setup(a_session_loaded_again_is_the_same, set_up),
		cmocka_unit_test_setup(a_list_is_followed_to_its_end, set_up),
		cmocka_unit_test_setup(a_handle_is_whole, set_up),
		cmocka_unit_test_setup(saves_and_loads_contexts, set_up),
		cmocka_unit_test_setup(gives_everything_back, set_up),
		cmocka_unit_test_setup(counts_what_got_no_response, set_up),
		cmocka_unit_test_setup(reads_no_further_than_the_response, set_up),
		cmocka_unit_test_setup(refuses_in_the_tpms_words, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
