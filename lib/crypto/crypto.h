/*
 * The project's whole view of cryptography, over mbedTLS: the same source compiled for ring 0 (verify only, no SSE) and
 * the distribution's library on a host. Trust: in the TCB. Inputs are outside bytes of bounded length.
 */
#ifndef SIGNET_LIB_CRYPTO_CRYPTO_H
#define SIGNET_LIB_CRYPTO_CRYPTO_H

#include "lib/err.h"

#include <mbedtls/sha512.h>

enum { SHA256_SIZE = 32, SHA384_SIZE = 48, P384_KEY_SIZE = 96, P384_SIGNATURE_SIZE = 96, P256_KEY_SIZE = 64 };

struct sha384 {
	mbedtls_sha512_context context;
};

void sha384_init(struct sha384 *h);
void sha384_update(struct sha384 *h, const u8 *bytes, size_t n);
void sha384_final(struct sha384 *h, u8 digest[SHA384_SIZE]);

void sha384_of(const u8 *bytes, size_t n, u8 digest[SHA384_SIZE]);
void sha256_of(const u8 *bytes, size_t n, u8 digest[SHA256_SIZE]);

/* SHA-256 over two parts, as TPM policies need it: H(first || second). */
void sha256_of_two(const u8 *first, size_t n1, const u8 *second, size_t n2, u8 digest[SHA256_SIZE]);

/*
 * ECDSA on P-384 over a SHA-384 digest. key is X || Y, signature r || s, big-endian. A key that is not on the curve and
 * a wrong signature are both ERR_SIGNATURE_WRONG; ERR_NO_MEMORY is the only other failure.
 */
enum err ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE]) MUST_CHECK;

/* Compares without an early exit. */
bool digest_equal(const u8 *a, const u8 *b, size_t n);

/* Ring 0 only: gives mbedTLS its one bounded heap (9 KiB are used at the peak; give 16). */
void crypto_heap_init(u8 *heap, size_t n);

#endif
