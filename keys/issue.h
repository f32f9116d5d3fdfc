/*
 * Certificates under the fleet CA: for the fleet server's listeners and for operators.
 * Trust: made where the CA's private key is. Root mode never parses one.
 */
#ifndef SIGNET_KEYS_ISSUE_H
#define SIGNET_KEYS_ISSUE_H

#include "keys/private.h"

#include <mbedtls/x509_crt.h>

enum { ISSUE_SERIAL_SIZE = 16, ISSUE_NAMES_MAX = 16, ISSUE_PEM_MAX = 8192, SUBJECT_TEXT_MAX = 64 };

enum issue_use { ISSUE_SERVER, ISSUE_CLIENT };

struct issue {
	enum issue_use use;
	const char *common_name; /* subject_text_valid */
	const char *unit; /* OU; NULL: none */
	const char *names[ISSUE_NAMES_MAX]; /* DNS names, IPv4 and IPv6 addresses; for servers */
	size_t name_count;
	u64 from, to; /* Unix seconds, to before the year 9999 */
	u8 serial[ISSUE_SERIAL_SIZE]; /* of issue_serial */
};

/* 1 .. SUBJECT_TEXT_MAX - 1 printable ASCII characters, none of those a distinguished name gives meaning. */
bool subject_text_valid(const char *text);

/* A random serial number: positive, of fixed length. */
enum err issue_serial(u8 serial[ISSUE_SERIAL_SIZE]) MUST_CHECK;

/* As mbedTLS shows it once read: lowercase hexadecimal. */
void serial_text(const u8 *serial, size_t n, char *out, size_t room);

/* Signs; subject holds the public key. ERR_ARGUMENT for what cannot be in a certificate, ERR_INTERNAL. */
enum err certificate_issue(const struct issue *i, const mbedtls_x509_crt *ca, mbedtls_pk_context *ca_key,
        mbedtls_pk_context *subject, char pem[ISSUE_PEM_MAX]) MUST_CHECK;

/*
 * Reads a request (PKCS#10, PEM) and takes the public key out: P-256, P-384, or RSA of 2048 bits and more, and the
 * request is signed by it. key is initialised by the caller. Subject and extensions of the request are not looked at.
 * ERR_ARGUMENT.
 */
enum err request_key(const char *pem, mbedtls_pk_context *key) MUST_CHECK;

#endif
