/*
 * A P-256 key as the fleet's policy key is one: made, used to sign, and to check what a TPM signed.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_TEST_KEY_H
#define SIGNET_TESTS_TPM_TEST_KEY_H

#include "update/authority.h"

struct test_key {
	u8 secret[32];
	u8 public[P256_KEY_SIZE];
};

/* The key pair that follows from a seed. */
void test_key_make(struct test_key *key, u8 seed);
void test_key_sign(const struct test_key *key, const u8 digest[SHA256_SIZE], u8 signature[POLICY_SIGNATURE_SIZE]);
bool p256_verify(const u8 key[P256_KEY_SIZE], const u8 digest[SHA256_SIZE], const u8 signature[POLICY_SIGNATURE_SIZE]);

#endif
