/*
 * Self-signed X.509 certificates of the Secure Boot keys and the fleet CA.
 * Trust: made where the private key is. Root mode never parses one.
 */
#ifndef SIGNET_KEYS_CERTIFICATE_H
#define SIGNET_KEYS_CERTIFICATE_H

#include "keys/private.h"

#include <limits.h>
#include <mbedtls/x509_crt.h>

enum { ORGANISATION_MAX = 48, CERTIFICATE_YEARS = 20 };

/* Keys that are known by a certificate. */
struct certificate_role {
	const char *name; /* file name and --role */
	const char *common_name;
	enum key_type type;
	bool certifies; /* a CA: its certificate may sign others and nothing else */
};

extern const struct certificate_role certificate_roles[];
extern const size_t certificate_role_count;

const struct certificate_role *certificate_role_find(const char *name);

/* 1..ORGANISATION_MAX printable ASCII characters, none of those a distinguished name gives meaning. */
bool organisation_valid(const char *text);

/* Makes a key and its certificate as dir/NAME.pem and dir/NAME.crt (PEM). ERR_KEY_EXISTS, ERR_IO. */
enum err certificate_make(const char *dir, const struct certificate_role *role, const char *organisation,
        const struct passphrase *passphrase) MUST_CHECK;

/* Reads a PEM or DER certificate; crt is initialised by the caller. ERR_KEY_FILE. */
enum err certificate_load(const char *path, mbedtls_x509_crt *crt) MUST_CHECK;

/* The P-384 key of the fleet CA, from its certificate or from its public key (PEM or DER). ERR_KEY_FILE. */
enum err ca_key_load(const char *path, u8 out[P384_KEY_SIZE]) MUST_CHECK;

#endif
