/*
 * A new operator's key and the request that has it certified; the key is in one file with its certificate, which is
 * what
 * --operator takes.
 * Trust: makes a private key, where the operator is; it goes nowhere.
 */
#ifndef SIGNET_CLI_OPERATOR_KEY_H
#define SIGNET_CLI_OPERATOR_KEY_H

#include "keys/pkcs8.h"

enum { CSR_PEM_MAX = 4096 };

struct operator_key {
	char key[KEY_PEM_MAX]; /* PKCS#8, PEM */
	size_t key_size;
	char csr[CSR_PEM_MAX]; /* PKCS#10, PEM */
};

/* ECDSA P-384, signed by itself with common_name, of which nothing counts. ERR_ARGUMENT: no such name; ERR_INTERNAL. */
enum err operator_key_make(
        const char *common_name, const struct passphrase *passphrase, struct operator_key *out) MUST_CHECK;
void operator_key_wipe(struct operator_key *k);

#endif
