/* lib/crypto: published vectors, and everything a forged signature or key can be. */
#include "lib/crypto/crypto.h"
#include "tests/unit/hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RFC 6979, A.2.6: P-384, SHA-384, message "sample". */
static const char key_hex[] = "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                              "DEF8F0EA9055866064A254515480BC138015D9B72D7D57244EA8EF9AC0C62189"
                              "6708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720";
static const char signature_hex[] = "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
                                    "81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F"
                                    "130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8";
static const char order_hex[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                                "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973";
static const char prime_hex[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                                "FFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF";

/* FIPS 180-4 example messages; the last is a million letters a. */
static const struct {
	const char *message;
	const char *sha256;
	const char *sha384;
} sha_vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	        "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	  "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
	        "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039" },
};

struct vector {
	u8 key[P384_KEY_SIZE];
	u8 digest[SHA384_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];
};

static struct vector good(void)
{
	struct vector v;
	unhex(v.key, sizeof(v.key), key_hex);
	unhex(v.signature, sizeof(v.signature), signature_hex);
	sha384_of((const u8 *)"sample", 6, v.digest);
	return v;
}

static enum err verify(const struct vector *v)
{
	return ecdsa_p384_verify(v->key, v->digest, v->signature);
}

static void published_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sha_vectors); i++) {
		const u8 *message = (const u8 *)sha_vectors[i].message;
		size_t n = strlen(sha_vectors[i].message);
		u8 want[SHA384_SIZE];
		u8 got[SHA384_SIZE];
		unhex(want, SHA256_SIZE, sha_vectors[i].sha256);
		sha256_of(message, n, got);
		assert_memory_equal(got, want, SHA256_SIZE);
		unhex(want, SHA384_SIZE, sha_vectors[i].sha384);
		sha384_of(message, n, got);
		assert_memory_equal(got, want, SHA384_SIZE);
	}
}

static void a_million_letters_in_pieces(void **state)
{
	(void)state;
	u8 piece[1000];
	u8 want[SHA384_SIZE];
	u8 got[SHA384_SIZE];
	memset(piece, 'a', sizeof(piece));
	unhex(want, SHA384_SIZE,
	        "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985");
	struct sha384 h;
	sha384_init(&h);
	for (size_t i = 0; i < 1000; i++)
		sha384_update(&h, piece, sizeof(piece));
	sha384_final(&h, got);
	assert_memory_equal(got, want, SHA384_SIZE);
}

static void splitting_changes_no_digest(void **state)
{
	(void)state;
	const u8 *text = (const u8 *)sha_vectors[3].message;
	size_t n = strlen(sha_vectors[3].message);
	for (size_t cut = 0; cut <= n; cut++) {
		u8 whole[SHA384_SIZE];
		u8 parts[SHA384_SIZE];
		sha256_of(text, n, whole);
		sha256_of_two(text, cut, text + cut, n - cut, parts);
		assert_memory_equal(whole, parts, SHA256_SIZE);
		struct sha384 h;
		sha384_of(text, n, whole);
		sha384_init(&h);
		sha384_update(&h, text, cut);
		sha384_update(&h, text + cut, n - cut);
		sha384_final(&h, parts);
		assert_memory_equal(whole, parts, SHA384_SIZE);
	}
}

static void published_signature_verifies(void **state)
{
	(void)state;
	struct vector v = good();
	assert_int_equal(verify(&v), OK);
	/* State left behind by one verification must not help or harm the next. */
	v.digest[0] ^= 1;
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	v.digest[0] ^= 1;
	assert_int_equal(verify(&v), OK);
}

static void flip_each(struct vector *v, u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= (u8)BIT(i % 8);
		assert_int_equal(verify(v), ERR_SIGNATURE_WRONG);
		bytes[i] ^= (u8)BIT(i % 8);
	}
	assert_int_equal(verify(v), OK);
}

static void a_flipped_bit_anywhere_is_wrong(void **state)
{
	(void)state;
	struct vector v = good();
	flip_each(&v, v.key, sizeof(v.key));
	flip_each(&v, v.digest, sizeof(v.digest));
	flip_each(&v, v.signature, sizeof(v.signature));
}

/* r and s must lie in [1, n - 1]: zero in both verifies for anybody in careless code. */
static void scalars_out_of_range_are_wrong(void **state)
{
	(void)state;
	static const char zero_hex[] = "000000000000000000000000000000000000000000000000"
	                               "000000000000000000000000000000000000000000000000";
	static const char ones_hex[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
	                               "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
	const char *const scalars[] = { zero_hex, order_hex, prime_hex, ones_hex };
	for (size_t i = 0; i < ARRAY_SIZE(scalars); i++) {
		struct vector v = good();
		unhex(v.signature, 48, scalars[i]);
		assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
		unhex(v.signature + 48, 48, scalars[i]);
		assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
		v = good();
		unhex(v.signature + 48, 48, scalars[i]);
		assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	}
}

static void swapped_halves_are_wrong(void **state)
{
	(void)state;
	struct vector v = good();
	struct vector w = v;
	memcpy(w.signature, v.signature + 48, 48);
	memcpy(w.signature + 48, v.signature, 48);
	assert_int_equal(verify(&w), ERR_SIGNATURE_WRONG);
	w = v;
	memcpy(w.key, v.key + 48, 48);
	memcpy(w.key + 48, v.key, 48);
	assert_int_equal(verify(&w), ERR_SIGNATURE_WRONG);
}

static void keys_off_the_curve_are_wrong(void **state)
{
	(void)state;
	struct vector v = good();
	/* What "no key" or the point at infinity would look like. */
	memset(v.key, 0, sizeof(v.key));
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	memset(v.key, 0xFF, sizeof(v.key));
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	v = good();
	unhex(v.key, 48, prime_hex);
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	v = good();
	unhex(v.key + 48, 48, prime_hex);
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
	v = good();
	v.key[95] ^= 1;
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
}

/* The negated key is on the curve, so only the equation itself can refuse it. */
static void the_negated_key_is_wrong(void **state)
{
	(void)state;
	struct vector v = good();
	u8 prime[48];
	unhex(prime, 48, prime_hex);
	int borrow = 0;
	for (size_t i = 48; i-- > 0;) {
		int d = prime[i] - v.key[48 + i] - borrow;
		borrow = d < 0;
		v.key[48 + i] = (u8)d;
	}
	assert_int_equal(verify(&v), ERR_SIGNATURE_WRONG);
}

static void comparing_digests(void **state)
{
	(void)state;
	u8 a[48] = { 1 };
	u8 b[48] = { 1 };
	assert_true(digest_equal(a, b, 48));
	for (size_t i = 0; i < 48; i++) {
		b[i] ^= 0x80;
		assert_false(digest_equal(a, b, 48));
		assert_true(digest_equal(a, b, i));
		b[i] ^= 0x80;
	}
	/* Two differences must not cancel out. */
	b[3] ^= 1;
	b[4] ^= 1;
	assert_false(digest_equal(a, b, 48));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_digests),
		cmocka_unit_test(a_million_letters_in_pieces),
		cmocka_unit_test(splitting_changes_no_digest),
		cmocka_unit_test(published_signature_verifies),
		cmocka_unit_test(a_flipped_bit_anywhere_is_wrong),
		cmocka_unit_test(scalars_out_of_range_are_wrong),
		cmocka_unit_test(swapped_halves_are_wrong),
		cmocka_unit_test(keys_off_the_curve_are_wrong),
		cmocka_unit_test(the_negated_key_is_wrong),
		cmocka_unit_test(comparing_digests),
	};
	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
