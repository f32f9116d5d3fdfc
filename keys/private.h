/*
 * Private keys as mbedTLS objects: making, saving, loading. Used inside keys/ and by lib/tls; others go through
 * access.h. Trust: holds private keys.
 */
#ifndef SIGNET_KEYS_PRIVATE_H
#define SIGNET_KEYS_PRIVATE_H

#include "keys/access.h"

#include <mbedtls/pk.h>

enum key_type { KEY_EC_P384, KEY_EC_P256, KEY_RSA_2048 };

/* key is initialised by the caller and freed with mbedtls_pk_free. */
enum err private_key_make(enum key_type type, mbedtls_pk_context *key) MUST_CHECK;
/* New file, mode 0600. ERR_KEY_EXISTS, ERR_IO. */
enum err private_key_save(
        const mbedtls_pk_context *key, const struct passphrase *passphrase, const char *path) MUST_CHECK;
/* ERR_KEY_FILE, ERR_KEY_MODE, ERR_KEY_PASSPHRASE. */
enum err private_key_load(const char *path, const struct passphrase *passphrase, mbedtls_pk_context *key) MUST_CHECK;

/* Its public half as PEM (SubjectPublicKeyInfo), new file. */
enum err public_key_save(const mbedtls_pk_context *key, const char *path) MUST_CHECK;

/* X || Y of a P-384 or P-256 key and zeros after, and how many bytes count. ERR_KEY_FILE for any other key. */
enum err ec_public_bytes(const mbedtls_pk_context *key, u8 out[P384_KEY_SIZE], size_t *n) MUST_CHECK;

#endif
