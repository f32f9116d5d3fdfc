/*
 * Secure Boot variables, signed for SetVariable (UEFI specification 8.2.2, EFI_VARIABLE_AUTHENTICATION_2).
 * Trust: signs with the key that may change the variable, which stays in this process.
 */
#ifndef SIGNET_KEYS_VARIABLE_H
#define SIGNET_KEYS_VARIABLE_H

#include "keys/esl.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <time.h>

extern const u8 guid_global[GUID_SIZE]; /* of PK and KEK */
extern const u8 guid_database[GUID_SIZE]; /* of db */

enum { VARIABLE_NAME_MAX = 16, VARIABLE_OVERHEAD_MAX = 8192 };

struct variable_update {
	const char *name; /* ASCII, at most VARIABLE_NAME_MAX */
	const u8 *guid;
	time_t when; /* firmware takes only updates later than the last */
	const u8 *content; /* EFI signature lists */
	size_t length;
};

/*
 * Writes the .auth file: time stamp, signature, content. key belongs to crt, RSA. out has room for
 * VARIABLE_OVERHEAD_MAX + length. ERR_ARGUMENT for a name or time that cannot be encoded, ERR_NO_MEMORY, ERR_INTERNAL.
 */
enum err variable_sign(const struct variable_update *u, mbedtls_pk_context *key, const mbedtls_x509_crt *crt, u8 *out,
        size_t *n) MUST_CHECK;

#endif
