/*
 * Private keys as PKCS#8 PEM: plain (RFC 5208) or encrypted by PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256 (RFC
 * 8018). mbedTLS reads both but writes neither. Trust: handles private keys; what it allocates on its stack is wiped.
 */
#ifndef SIGNET_KEYS_PKCS8_H
#define SIGNET_KEYS_PKCS8_H

#include "keys/access.h"

#include <mbedtls/pk.h>

enum { KEY_PEM_MAX = 8192, PBKDF2_ITERATIONS = 600000 };

/* passphrase may be empty: plain. *n does not count the closing NUL. ERR_INTERNAL, ERR_NO_MEMORY. */
enum err pkcs8_write(const mbedtls_pk_context *key, const struct passphrase *passphrase, char out[KEY_PEM_MAX],
        size_t *n) MUST_CHECK;

#endif
