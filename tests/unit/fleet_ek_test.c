/*
 * EK templates: the TCG's default ones, computed here from the policies they stand for, and nothing beside them
 * (catalogue of attacks, row 27). Credentials are opened by real TPMs in tests/tpm/credential.py.
 */
#include "lib/tpm/marshal.h"
#include "lib/tpm/types_beyond.h"
#include "signetd/credential.h"
#include "signetd/ek.h"
#include "tests/adversarial/software_tpm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { ALG_AES = 6, ALG_CFB = 0x43, CURVE_P256 = 3, ATTRIBUTES = 0x000300B2, AT_ATTRIBUTES = 4, AT_POLICY = 10 };

static u8 bytes[256];
static size_t length;

/* PolicySecret(endorsement hierarchy), Part 1 section 19.7.7.2. */
static void policy_a(u8 out[SHA256_SIZE])
{
	u8 first[SHA256_SIZE + 4 + 4] = { 0 };
	u8 digest[SHA256_SIZE];

	store_be32(first + SHA256_SIZE, TPM_CC_PolicySecret);
	store_be32(first + SHA256_SIZE + 4, TPM_RH_ENDORSEMENT);
	sha256_of(first, sizeof(first), digest);
	sha256_of(digest, sizeof(digest), out);
}

static void make_ek(void)
{
	struct writer w = writer_on(bytes, sizeof(bytes));
	u8 policy[SHA256_SIZE];

	policy_a(policy);
	write_be16(&w, TPM_ALG_ECC);
	write_be16(&w, TPM_ALG_SHA256);
	write_be32(&w, ATTRIBUTES);
	write_tpm2b(&w, policy, sizeof(policy));
	write_be16(&w, ALG_AES);
	write_be16(&w, 128);
	write_be16(&w, ALG_CFB);
	write_be16(&w, TPM_ALG_NULL);
	write_be16(&w, CURVE_P256);
	write_be16(&w, TPM_ALG_NULL);
	write_tpm2b(&w, soft_key(SOFT_AK), 32);
	write_tpm2b(&w, soft_key(SOFT_AK) + 32, 32);
	assert_false(w.failed);
	length = w.used;
}

static int set_up(void **state)
{
	(void)state;
	make_ek();
	return 0;
}

static void the_default_template_is_taken(void **state)
{
	(void)state;
	struct ek_public ek;
	u8 id[ATTEST_ID_SIZE];
	u8 digest[SHA256_SIZE];
	u8 name[2 + SHA256_SIZE] = { 0, TPM_ALG_SHA256 };
	assert_int_equal(ek_public_read(bytes, length, &ek), OK);
	sha256_of(bytes, length, name + 2);
	assert_int_equal(ek.name.size, sizeof(name));
	assert_memory_equal(ek.name.bytes, name, sizeof(name));
	sha256_of(name, sizeof(name), digest);
	ek_node_id(&ek, id);
	assert_memory_equal(id, digest, sizeof(id));
}

/* Every bit of attributes and policy means something: a key of other rights proves nothing. */
static void no_bit_may_differ(void **state)
{
	(void)state;
	struct ek_public ek;
	for (size_t bit = 0; bit < (AT_POLICY + SHA256_SIZE + 12) * 8; bit++) {
		bytes[bit / 8] ^= (u8)(1u << (bit % 8));
		assert_int_equal(ek_public_read(bytes, length, &ek), ERR_TPM_RESPONSE);
		bytes[bit / 8] ^= (u8)(1u << (bit % 8));
	}
	assert_int_equal(ek_public_read(bytes, length, &ek), OK);
}

static void every_length_is_checked(void **state)
{
	(void)state;
	struct ek_public ek;
	for (size_t n = 0; n < length; n++)
		assert_int_equal(ek_public_read(bytes, n, &ek), ERR_TPM_RESPONSE);
	assert_int_equal(ek_public_read(bytes, length + 1, &ek), ERR_TPM_RESPONSE);
}

static int numbers(void *context, unsigned char *out, size_t n)
{
	u8 *next = context;

	for (size_t i = 0; i < n; i++)
		out[i] = (*next)++;
	return 0;
}

static int no_numbers(void *context, unsigned char *out, size_t n)
{
	(void)context;
	memset(out, 0, n);
	return -1;
}

static void a_point_off_the_curve_gets_no_secret(void **state)
{
	(void)state;
	static const u8 secret[CREDENTIAL_SECRET_SIZE] = { 1 };
	u8 next = 1;
	struct credential_random random = { numbers, &next };
	struct ek_public ek;
	struct tpm_name name = { .size = 34 };
	struct credential c;
	assert_int_equal(ek_public_read(bytes, length, &ek), OK);
	assert_int_equal(credential_make(&ek, &name, secret, &random, &c), OK);
	assert_int_equal(c.blob_size, 2 + SHA256_SIZE + 2 + CREDENTIAL_SECRET_SIZE);
	ek.x[31] ^= 1;
	assert_int_equal(credential_make(&ek, &name, secret, &random, &c), ERR_TPM_RESPONSE);
	ek.x[31] ^= 1;
	random.source = no_numbers;
	assert_int_equal(credential_make(&ek, &name, secret, &random, &c), ERR_TPM_RESPONSE);
}

static void attestation_keys_are_restricted(void **state)
{
	(void)state;
	static u8 ak[EVIDENCE_AK_MAX];
	size_t n = soft_public(SOFT_AK, ak);
	struct tpm_name name;
	static const u32 demanded[] = { TPMA_OBJECT_FIXEDTPM, TPMA_OBJECT_FIXEDPARENT, TPMA_OBJECT_SENSITIVEDATAORIGIN,
		TPMA_OBJECT_RESTRICTED, TPMA_OBJECT_SIGN_ENCRYPT };
	assert_int_equal(ak_public_check(ak, n, &name), OK);
	assert_int_equal(ak_public_check(ak, n - 1, &name), ERR_TPM_RESPONSE);
	assert_int_equal(ak_public_check(bytes, length, &name), ERR_TPM_RESPONSE);
	for (size_t i = 0; i < ARRAY_SIZE(demanded); i++) {
		u32 attributes = load_be32(ak + AT_ATTRIBUTES);
		store_be32(ak + AT_ATTRIBUTES, attributes & ~demanded[i]);
		assert_int_equal(ak_public_check(ak, n, &name), ERR_TPM_RESPONSE);
		store_be32(ak + AT_ATTRIBUTES, attributes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_default_template_is_taken, set_up),
		cmocka_unit_test_setup(no_bit_may_differ, set_up),
		cmocka_unit_test_setup(every_length_is_checked, set_up),
		cmocka_unit_test_setup(a_point_off_the_curve_gets_no_secret, set_up),
		cmocka_unit_test_setup(attestation_keys_are_restricted, set_up),
	};
	return cmocka_run_group_tests_name("fleet_ek", tests, NULL, NULL);
}
