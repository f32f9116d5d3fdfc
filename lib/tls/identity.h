/*
 * The certificate and private key that our side of a TLS connection shows.
 * Trust: holds a private key; wiped when freed. May be used by several threads at once, each with connections of its
 * own.
 */
#ifndef SIGNET_LIB_TLS_IDENTITY_H
#define SIGNET_LIB_TLS_IDENTITY_H

#include "keys/access.h"

#include <mbedtls/x509_crt.h>

struct tls_identity;

/* A new P-256 key in a self-signed certificate: what it is worth, others say. ERR_NO_MEMORY, ERR_INTERNAL, ERR_IO. */
enum err tls_identity_make(struct tls_identity **out) MUST_CHECK;

/*
 * An operator's: PEM files of the certificate, with those between it and the CA behind it, and of the key.
 * ERR_KEY_FILE, ERR_KEY_MODE, ERR_KEY_PASSPHRASE; ERR_KEY_FILE too when they do not belong together.
 */
enum err tls_identity_load(const char *certificate, const char *key, const struct passphrase *passphrase,
        struct tls_identity **out) MUST_CHECK;

/* NULL is fine. */
void tls_identity_free(struct tls_identity *id);

/* SHA-256 of the certificate's SubjectPublicKeyInfo. */
void tls_identity_digest(const struct tls_identity *id, u8 out[SHA256_SIZE]);

/* For lib/tls/: the chain, and a key of the caller's own that it frees. */
mbedtls_x509_crt *tls_identity_chain(struct tls_identity *id);
enum err tls_identity_key(const struct tls_identity *id, mbedtls_pk_context *out) MUST_CHECK;

#endif
