/* A service VM that sends the TPM what it must not: row 34. What it may send is in tests/unit/hv_tpm_filter_test.c. */
#include "hv/node/tpm_filter.h"
#include "lib/tpm/tpm.h"
#include "lib/tpm/types_beyond.h"
#include "tests/unit/tpm_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { OBJECT = 0x80000001, SESSION = 0x03000001, FOREIGN_SESSION = 0x03000000, KEY = 0x81010001, NV = 0x01805100 };

static struct tpm_filter filter;
static struct sample s;

static int set_up(void **state)
{
	(void)state;
	filter = (struct tpm_filter){ .held = { OBJECT, 0, SESSION } };
	return 0;
}

static u32 judge(void)
{
	return tpm_filter_command(&filter, s.bytes, sample_end(&s));
}

static void random_bytes(void)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_GetRandom);
	write_be16(&s.w, 8);
}

/* The neighbour of everything that is refused here. */
static void still_works(void)
{
	random_bytes();
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

static void quote_with(u32 key, u32 session, u8 attributes)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_Quote);
	sample_handle(&s, key);
	write_be32(&s.w, 9);
	sample_session(&s, session, attributes);
	sample_sized(&s, 32);
	write_be16(&s.w, TPM_ALG_NULL);
	write_pcr_selection(&s.w, (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA256, .pcrs = BIT(14) });
}

static const u32 allowed[] = { TPM_CC_EvictControl, TPM_CC_CreatePrimary, TPM_CC_ActivateCredential, TPM_CC_Certify,
	TPM_CC_GetTime, TPM_CC_NV_Read, TPM_CC_PolicySecret, TPM_CC_Create, TPM_CC_Load, TPM_CC_Quote, TPM_CC_Sign,
	TPM_CC_ContextLoad, TPM_CC_ContextSave, TPM_CC_FlushContext, TPM_CC_NV_ReadPublic, TPM_CC_PolicyAuthValue,
	TPM_CC_PolicyCommandCode, TPM_CC_PolicyOR, TPM_CC_ReadPublic, TPM_CC_StartAuthSession, TPM_CC_GetCapability,
	TPM_CC_GetRandom, TPM_CC_PCR_Read, TPM_CC_PolicyPCR, TPM_CC_PolicyRestart, TPM_CC_ReadClock, TPM_CC_NV_Certify,
	TPM_CC_PolicyGetDigest, TPM_CC_TestParms };

static bool is_allowed(u32 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (allowed[i] == code)
			return true;
	}
	return false;
}

/* Every other command there is, vendors' too: extends, NV writes, Clear, Shutdown, PCR_Allocate and what is to come. */
static void row34_commands_outside_the_list(void **state)
{
	(void)state;
	static const u32 bases[] = { 0, 0x20000000, 0x20000100, 0x10000, 0x80000000 };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		for (u32 code = bases[i]; code < bases[i] + 0x300; code++) {
			sample_begin(&s, TPM_ST_NO_SESSIONS, code);
			assert_int_equal(judge() != TPM_RC_COMMAND_CODE, is_allowed(code));
		}
	}
	still_works();
}

static void row34_lengths(void **state)
{
	(void)state;
	size_t n;

	for (n = 0; n < 10; n++)
		assert_int_equal(tpm_filter_command(&filter, s.bytes, n), TPM_RC_COMMAND_SIZE);
	random_bytes();
	n = sample_end(&s);
	assert_int_equal(tpm_filter_command(&filter, s.bytes, n - 1), TPM_RC_COMMAND_SIZE);
	assert_int_equal(tpm_filter_command(&filter, s.bytes, n + 1), TPM_RC_COMMAND_SIZE);
	/* Every byte of it said and there, and more than the TPM's buffer. */
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_TestParms);
	write_zero(&s.w, TPM_BUFFER_SIZE + 1 - s.w.used);
	assert_int_equal(judge(), TPM_RC_COMMAND_SIZE);
	s.w.used--;
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	sample_begin(&s, 0x00C1, TPM_CC_GetRandom); /* TPM 1.2 */
	assert_int_equal(judge(), TPM_RC_BAD_TAG);
	still_works();
}

/* What root mode or the platform has loaded, and hierarchies that are not the port's. */
static void row34_handles_of_others(void **state)
{
	(void)state;
	static const u32 foreign[] = { 0x80000000, 0x80000002, FOREIGN_SESSION, 0x02000000, TPM_RH_PLATFORM,
		TPM_RH_LOCKOUT, TPM_RH_OWNER, TPM_RS_PW, NV, 14, 0, 0x82000000, 0x90000000, 0xFFFFFFFF };

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		quote_with(foreign[i], TPM_RS_PW, 1);
		assert_int_equal(judge(), TPM_RC_HANDLE);
	}
	quote_with(OBJECT, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_FlushContext);
		sample_handle(&s, foreign[i]);
		assert_int_equal(judge(), TPM_RC_VALUE);
	}
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_FlushContext);
	sample_handle(&s, KEY);
	assert_int_equal(judge(), TPM_RC_VALUE);
}

static void row34_primary_keys_of_the_platform(void **state)
{
	(void)state;
	static const struct {
		u32 hierarchy, verdict;
	} hierarchies[] = { { TPM_RH_PLATFORM, TPM_RC_HANDLE }, { TPM_RH_LOCKOUT, TPM_RC_HANDLE },
		{ TPM_RH_OWNER, TPM_RC_SUCCESS }, { TPM_RH_ENDORSEMENT, TPM_RC_SUCCESS },
		{ TPM_RH_NULL, TPM_RC_SUCCESS } };

	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
		sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_CreatePrimary);
		sample_handle(&s, hierarchies[i].hierarchy);
		sample_passwords(&s, 1);
		sample_sized(&s, 4);
		sample_sized(&s, 90);
		sample_sized(&s, 0);
		write_be32(&s.w, 0);
		assert_int_equal(judge(), hierarchies[i].verdict);
	}
}

static void row34_sessions(void **state)
{
	(void)state;
	static const struct {
		u32 session;
		u8 attributes;
		u32 verdict;
	} sessions[] = {
		{ SESSION, 0x01, TPM_RC_SUCCESS },
		{ SESSION, 0x61, TPM_RC_SUCCESS },
		{ FOREIGN_SESSION, 0x01, TPM_RC_HANDLE },
		{ OBJECT, 0x01, TPM_RC_HANDLE },
		{ TPM_RH_OWNER, 0x01, TPM_RC_HANDLE },
		{ SESSION, 0x81, TPM_RC_ATTRIBUTES }, /* audit */
		{ SESSION, 0x03, TPM_RC_ATTRIBUTES },
		{ SESSION, 0x05, TPM_RC_ATTRIBUTES },
		{ SESSION, 0x09, TPM_RC_ATTRIBUTES }, /* reserved */
		{ SESSION, 0x11, TPM_RC_ATTRIBUTES },
		{ TPM_RS_PW, 0x81, TPM_RC_ATTRIBUTES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++) {
		quote_with(KEY, sessions[i].session, sessions[i].attributes);
		assert_int_equal(judge(), sessions[i].verdict);
	}
}

/* More sessions than there can be, areas that do not end where they say, and one inside another's nonce. */
static void row34_authorization_areas(void **state)
{
	(void)state;
	for (u32 count = 0; count < 6; count++) {
		sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_Quote);
		sample_handle(&s, KEY);
		sample_passwords(&s, count);
		sample_sized(&s, 32);
		write_be16(&s.w, TPM_ALG_NULL);
		write_be32(&s.w, 0);
		assert_int_equal(judge(), count >= 1 && count <= 3 ? TPM_RC_SUCCESS : TPM_RC_AUTHSIZE);
	}
	static const u32 wrong[] = { 0, 1, 8, 10, 4000, 0x7FFFFFFF, 0xFFFFFFFF };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		quote_with(KEY, TPM_RS_PW, 1);
		store_be32(s.bytes + 14, wrong[i]);
		assert_int_equal(judge(), TPM_RC_AUTHSIZE);
	}
	quote_with(KEY, TPM_RS_PW, 1);
	store_be16(s.bytes + 22, 9); /* the nonce's length reaches over the area's end */
	assert_int_equal(judge(), TPM_RC_AUTHSIZE);
	/* None where the key needs one. */
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_Quote);
	sample_handle(&s, KEY);
	sample_sized(&s, 32);
	write_be16(&s.w, TPM_ALG_NULL);
	write_be32(&s.w, 0);
	assert_int_equal(judge(), TPM_RC_AUTH_MISSING);
	quote_with(KEY, TPM_RS_PW, 1);
	assert_int_equal(judge(), TPM_RC_SUCCESS);
}

static void row34_parameters(void **state)
{
	(void)state;
	static const struct {
		u32 capability, verdict;
	} capabilities[] = { { 0, TPM_RC_SUCCESS }, { 9, TPM_RC_SUCCESS }, { 10, TPM_RC_VALUE },
		{ 0x100, TPM_RC_VALUE } };

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_GetCapability);
		write_be32(&s.w, capabilities[i].capability);
		write_be32(&s.w, 0);
		write_be32(&s.w, 1);
		assert_int_equal(judge(), capabilities[i].verdict);
	}
	for (u32 count = 8; count < 10; count++) {
		sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_PCR_Read);
		write_be32(&s.w, count);
		for (u32 i = 0; i < count; i++) {
			write_be16(&s.w, TPM_ALG_SHA256);
			write_u8(&s.w, 3);
			write_zero(&s.w, 3);
		}
		assert_int_equal(judge(), count == 8 ? TPM_RC_SUCCESS : TPM_RC_VALUE);
	}
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_PCR_Read);
	write_be32(&s.w, 0xFFFFFFFF);
	assert_int_equal(judge(), TPM_RC_VALUE);
	still_works();
}

/* The attestation key becomes persistent once, at its place, while the node is not provisioned. */
static void row34_persistent_objects(void **state)
{
	(void)state;
	static const struct {
		bool enrolling;
		u32 authority, object, persistent, verdict;
	} tries[] = {
		{ true, TPM_RH_OWNER, OBJECT, TPM_AK_HANDLE, TPM_RC_SUCCESS },
		{ false, TPM_RH_OWNER, OBJECT, TPM_AK_HANDLE, TPM_RC_VALUE },
		{ true, TPM_RH_OWNER, OBJECT, 0x81005101, TPM_RC_VALUE },
		{ true, TPM_RH_OWNER, TPM_AK_HANDLE, TPM_AK_HANDLE, TPM_RC_HANDLE }, /* removes it */
		{ true, TPM_RH_OWNER, KEY, KEY, TPM_RC_HANDLE },
		{ true, TPM_RH_PLATFORM, OBJECT, TPM_AK_HANDLE, TPM_RC_HANDLE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		filter.enrolling = tries[i].enrolling;
		sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_EvictControl);
		sample_handle(&s, tries[i].authority);
		sample_handle(&s, tries[i].object);
		sample_passwords(&s, 1);
		write_be32(&s.w, tries[i].persistent);
		assert_int_equal(judge(), tries[i].verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row34_commands_outside_the_list, set_up),
		cmocka_unit_test_setup(row34_lengths, set_up),
		cmocka_unit_test_setup(row34_handles_of_others, set_up),
		cmocka_unit_test_setup(row34_primary_keys_of_the_platform, set_up),
		cmocka_unit_test_setup(row34_sessions, set_up),
		cmocka_unit_test_setup(row34_authorization_areas, set_up),
		cmocka_unit_test_setup(row34_parameters, set_up),
		cmocka_unit_test_setup(row34_persistent_objects, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
