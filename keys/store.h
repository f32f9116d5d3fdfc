/*
 * A key directory: one PEM file a private key, one X.509 file a certificate, and the chain of key manifests. Mode 0700.
 *
 *   root-1.pem ... release-1.pem ... policy-1.pem       ECDSA; numbers only rise
 *   pk.pem pk.crt kek.pem kek.crt db.pem db.crt         Secure Boot
 *   fleet-ca.pem fleet-ca.crt
 *   manifest-1.bin ...                                  key manifests, signed by the roots
 *   development                                         there in directories of development keys
 *   retired/                                            what was rotated out or revoked
 * Trust: the operator's own files; their modes are checked.
 */
#ifndef SIGNET_KEYS_STORE_H
#define SIGNET_KEYS_STORE_H

#include "image/keyset.h"
#include "keys/access.h"

#define KEYS_DIRECTORY_DEFAULT "keys"

/* ERR_KEY_FILE when dir is no directory, ERR_KEY_MODE when others have access to it. */
enum err store_check(const char *dir) MUST_CHECK;

/* The directory was made by `keys init --development`; images signed from it carry the development flag. */
bool store_is_development(const char *dir);

/* Opened signers of one role, oldest first. */
struct signers {
	struct signer *each[KEYS_COUNT_MAX];
	u32 count;
};

/*
 * Opens every private key of a role that lies in dir (not in retired/). An empty list is OK: roots may be elsewhere. On
 * an error, failed (of size room, may be NULL) holds the file's path.
 */
enum err signers_open(const char *dir, enum key_role role, const struct passphrase *passphrase, struct signers *out,
	char *failed, size_t room) MUST_CHECK;
void signers_close(struct signers *s);

/*
 * Reads all key manifests of dir, one behind the other, as an image's keys region. out has room for IMAGE_KEYS_MAX.
 * ERR_KEY_FILE when there is none, ERR_RANGE when they do not fit.
 */
enum err store_read_chain(const char *dir, u8 *out, size_t *n) MUST_CHECK;

/* The newest key set: the chain walked from its own first manifest, every signature checked. */
enum err store_current(const char *dir, struct key_set *out) MUST_CHECK;

/* A Secure Boot file, as path: name is "pk", "kek", "db" or "fleet-ca", suffix ".pem" or ".crt". ERR_RANGE: too long. */
enum err store_path(const char *dir, const char *name, const char *suffix, char *out, size_t room) MUST_CHECK;

#endif
