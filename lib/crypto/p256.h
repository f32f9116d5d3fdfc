/*
 * ECDSA on P-256 for the verifier: what attestation keys sign with.
 * Trust: judges outside bytes. Needs a curve that ring 0 has not.
 */
#ifndef SIGNET_LIB_CRYPTO_P256_H
#define SIGNET_LIB_CRYPTO_P256_H

#include "lib/crypto/crypto.h"

enum { P256_SIGNATURE_SIZE = 64 };

/* key: X || Y, signature: r || s, big-endian. ERR_SIGNATURE_WRONG, also for a key that is no point; ERR_NO_MEMORY. */
enum err ecdsa_p256_verify(
        const u8 key[P256_KEY_SIZE], const u8 digest[SHA256_SIZE], const u8 signature[P256_SIGNATURE_SIZE]) MUST_CHECK;

#endif
