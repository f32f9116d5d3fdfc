/* Well-signed images that must not start all the same: rows 11 to 14, 21 and 22. */
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct verified_image image;
static struct image_policy policy;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	policy = forge_policy();
	assert_int_equal(forge_verify(&forged, &image), OK);
	assert_int_equal(image_judge(&image, &policy), OK);
	return 0;
}

static enum err judge_resealed(void)
{
	forge_seal(&forged);
	assert_int_equal(forge_verify(&forged, &image), OK);
	return image_judge(&image, &policy);
}

static enum err judge_svn(u32 svn)
{
	forged.manifest.svn = svn;
	return judge_resealed();
}

static void row11_an_older_image(void **state)
{
	(void)state;
	assert_int_equal(judge_svn(9), ERR_IMAGE_FLOOR);
	assert_int_equal(judge_svn(0), ERR_IMAGE_FLOOR);
	assert_int_equal(judge_svn(10), OK);
}

/* Where no floor is known (not enrolled yet), none is invented. */
static void row11_no_floor_before_enrolment(void **state)
{
	(void)state;
	policy.floor_known = false;
	assert_int_equal(judge_svn(0), OK);
	assert_int_equal(judge_svn(SVN_MAX), OK);
}

static void row11_an_older_key_manifest(void **state)
{
	(void)state;
	policy.key_floor = 2;
	assert_int_equal(image_judge(&image, &policy), ERR_KEYS_FLOOR);
	forge_rotate(&forged, FORGE_ROOTS);
	assert_int_equal(judge_resealed(), OK);
}

static void row12_versions_at_the_edges(void **state)
{
	(void)state;
	static const u32 beyond[] = { SVN_MAX + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		forged.manifest.svn = beyond[i];
		forge_seal(&forged);
		assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
	}
	policy.image_floor = SVN_MAX;
	assert_int_equal(judge_svn(SVN_MAX), OK);
	assert_int_equal(judge_svn(SVN_MAX - 1), ERR_IMAGE_FLOOR);
}

/* A floor that no image can reach (a damaged record) refuses; it never wraps into a pass. */
static void row12_floors_at_the_edges(void **state)
{
	(void)state;
	static const u64 floors[] = { SVN_MAX + 1ull, 1ull << 31, 1ull << 32, (1ull << 32) + 12, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(floors); i++) {
		policy.image_floor = floors[i];
		assert_int_equal(image_judge(&image, &policy), ERR_IMAGE_FLOOR);
	}
	policy.image_floor = 12;
	policy.key_floor = UINT64_MAX;
	assert_int_equal(image_judge(&image, &policy), ERR_KEYS_FLOOR);
}

static void row12_stage_versions_at_the_edges(void **state)
{
	(void)state;
	static const u32 beyond[] = { 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		forged.manifest.min_stage_version = beyond[i];
		assert_int_equal(judge_resealed(), ERR_IMAGE_STAGE);
	}
	policy.stage_version = 0xFFFFFFFF;
	assert_int_equal(judge_resealed(), OK);
}

static void row13_expired_and_clock_set_back(void **state)
{
	(void)state;
	const u64 expiry = FORGE_CREATED + 1000000;

	forged.manifest.expiry = expiry;
	forge_seal(&forged);
	assert_int_equal(forge_verify(&forged, &image), OK);
	assert_false(image_expired(&image.manifest, FORGE_CREATED));
	assert_false(image_expired(&image.manifest, expiry - 1));
	assert_true(image_expired(&image.manifest, expiry));
	assert_true(image_expired(&image.manifest, UINT64_MAX));
	/* A clock far before the image was made says nothing of its expiry; a day of difference is nobody's fault. */
	assert_true(image_expired(&image.manifest, 0));
	assert_true(image_expired(&image.manifest, FORGE_CREATED - 86401));
	assert_false(image_expired(&image.manifest, FORGE_CREATED - 86400));
}

static void row13_no_expiry_never_expires(void **state)
{
	(void)state;
	assert_false(image_expired(&image.manifest, 0));
	assert_false(image_expired(&image.manifest, UINT64_MAX));
}

/* A server kept in store must come up: the stage has no trusted clock and judges no expiry. */
static void row13_the_stage_judges_no_expiry(void **state)
{
	(void)state;
	forged.manifest.expiry = 1;
	assert_int_equal(judge_resealed(), OK);
	assert_true(image_expired(&image.manifest, FORGE_CREATED));
}

/* A stolen release key cannot use up the range of versions in one update; the fleet goes on below the leap. */
static void row14_fast_forward(void **state)
{
	(void)state;
	assert_int_equal(judge_svn(SVN_MAX), ERR_IMAGE_LEAP);
	assert_int_equal(judge_svn(10 + SVN_LEAP_MAX + 1), ERR_IMAGE_LEAP);
	assert_int_equal(judge_svn(10 + SVN_LEAP_MAX), OK);
	assert_int_equal(judge_svn(13), OK);
}

/* Recovery: even after the largest leap was committed, the next release follows from there. */
static void row14_recovery_after_a_leap(void **state)
{
	(void)state;
	policy.image_floor = 10 + SVN_LEAP_MAX;
	assert_int_equal(judge_svn(13), ERR_IMAGE_FLOOR);
	assert_int_equal(judge_svn(10 + SVN_LEAP_MAX + 1), OK);
}

static void row21_other_hardware(void **state)
{
	(void)state;
	static const char *const others[] = { "server-2", "server-", "server-11", "SERVER-1", "anything", "Any" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		strcpy(forged.manifest.hardware_class, others[i]);
		assert_int_equal(judge_resealed(), ERR_IMAGE_HARDWARE);
	}
	strcpy(forged.manifest.hardware_class, "any");
	assert_int_equal(judge_resealed(), OK);
}

static void row21_newer_stage_needed(void **state)
{
	(void)state;
	forged.manifest.min_stage_version = FORGE_STAGE_VERSION + 1;
	assert_int_equal(judge_resealed(), ERR_IMAGE_STAGE);
	forged.manifest.min_stage_version = FORGE_STAGE_VERSION;
	assert_int_equal(judge_resealed(), OK);
}

/* Which flags a stage allows decides, each flag for itself. */
static void row22_development_and_debug(void **state)
{
	(void)state;
	static const struct {
		u32 flags;
		u32 allowed;
		enum err expected;
	} cases[] = {
		{ 0, 0, OK },
		{ 0, IMAGE_FLAGS_KNOWN, OK },
		{ IMAGE_DEVELOPMENT, 0, ERR_IMAGE_DEVELOPMENT },
		{ IMAGE_DEVELOPMENT, IMAGE_DEBUG, ERR_IMAGE_DEVELOPMENT },
		{ IMAGE_DEVELOPMENT, IMAGE_DEVELOPMENT, OK },
		{ IMAGE_DEBUG, 0, ERR_IMAGE_DEBUG },
		{ IMAGE_DEBUG, IMAGE_DEVELOPMENT, ERR_IMAGE_DEBUG },
		{ IMAGE_DEBUG, IMAGE_DEBUG, OK },
		{ IMAGE_FLAGS_KNOWN, 0, ERR_IMAGE_DEVELOPMENT },
		{ IMAGE_FLAGS_KNOWN, IMAGE_DEVELOPMENT, ERR_IMAGE_DEBUG },
		{ IMAGE_FLAGS_KNOWN, IMAGE_FLAGS_KNOWN, OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		forged.manifest.flags = cases[i].flags;
		policy.allowed_flags = cases[i].allowed;
		assert_int_equal(judge_resealed(), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row11_an_older_image, set_up),
		cmocka_unit_test_setup(row11_no_floor_before_enrolment, set_up),
		cmocka_unit_test_setup(row11_an_older_key_manifest, set_up),
		cmocka_unit_test_setup(row12_versions_at_the_edges, set_up),
		cmocka_unit_test_setup(row12_floors_at_the_edges, set_up),
		cmocka_unit_test_setup(row12_stage_versions_at_the_edges, set_up),
		cmocka_unit_test_setup(row13_expired_and_clock_set_back, set_up),
		cmocka_unit_test_setup(row13_no_expiry_never_expires, set_up),
		cmocka_unit_test_setup(row13_the_stage_judges_no_expiry, set_up),
		cmocka_unit_test_setup(row14_fast_forward, set_up),
		cmocka_unit_test_setup(row14_recovery_after_a_leap, set_up),
		cmocka_unit_test_setup(row21_other_hardware, set_up),
		cmocka_unit_test_setup(row21_newer_stage_needed, set_up),
		cmocka_unit_test_setup(row22_development_and_debug, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
