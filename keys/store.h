/*
 * A key directory: one PEM file a private key, one X.509 file a certificate, and the chain of key manifests. Mode 0700.
 *
 *   root-1.pem ... release-1.pem ... policy-1.pem       ECDSA; numbers only rise; NAME.pub is the public half
 *   pk.pem pk.crt kek.pem kek.crt db.pem db.crt         Secure Boot
 *   fleet-ca.pem fleet-ca.crt
 *   manifest-1.bin ...                                  key manifests, signed by the roots
 *   development                                         there in directories of development keys
 *   retired/                                            what was rotated out or revoked
 * Trust: the operator's own files; their modes are checked.
 */
#ifndef SIGNET_KEYS_STORE_H
#define SIGNET_KEYS_STORE_H

#include "image/encode.h"
#include "keys/access.h"

#include <limits.h>

#define KEYS_DIRECTORY_DEFAULT "keys"
#define RETIRED "retired"

enum { KEY_MANIFEST_MAX = KEYS_BODY_MAX + SIGNATURE_LIST_MAX };

/* ERR_KEY_FILE when dir is no directory, ERR_KEY_MODE when others have access to it. */
enum err store_check(const char *dir) MUST_CHECK;

/* The directory was made by `keys init --development`; images signed from it carry the development flag. */
bool store_is_development(const char *dir);

/* "root", "release", "policy". */
const char *role_name(enum key_role role);

/* Opened signers, oldest file first in each directory, no key twice. */
struct signers {
	struct signer *each[KEYS_COUNT_MAX];
	u32 count;
};

/*
 * Opens every private key of a role that lies in dir (not in retired/). An empty list is OK: roots may be elsewhere. On
 * an error nothing stays open, and failed (of size room, may be NULL) holds the path of the file it is about.
 */
enum err signers_open(const char *dir, enum key_role role, const struct passphrase *passphrase, struct signers *out,
        char *failed, size_t room) MUST_CHECK;
/* The same, added to what out holds. On an error out keeps what is open. ERR_RANGE when there are too many. */
enum err signers_add(const char *dir, enum key_role role, const struct passphrase *passphrase, struct signers *out,
        char *failed, size_t room) MUST_CHECK;
void signers_close(struct signers *s);

/*
 * Reads the key manifests of dir, one behind the other, as an image's keys region: the newest, and of the older ones
 * before it as many as fit. out has room for IMAGE_KEYS_MAX. ERR_KEY_FILE when there is none.
 */
enum err store_read_chain(const char *dir, u8 *out, size_t *n) MUST_CHECK;

/* Reads manifest-VERSION.bin; out has room for KEY_MANIFEST_MAX. ERR_KEY_FILE, ERR_RANGE. */
enum err store_read_manifest(const char *dir, u64 version, u8 *out, size_t *n) MUST_CHECK;

/* The newest key set: the chain walked from its own first manifest, every signature checked. */
enum err store_current(const char *dir, struct key_set *out) MUST_CHECK;

/* A file of a directory, by stem and suffix: ".pem", ".crt", ".pub". ERR_RANGE when too long. */
enum err store_path(const char *dir, const char *name, const char *suffix, char *out, size_t room) MUST_CHECK;

/* Numbers N of the files NAME-N + suffix, ascending; at most max of them are kept. */
u32 store_numbers(const char *dir, const char *name, const char *suffix, u32 *out, u32 max);
/* The highest of all, however many there are; 0: there is none. */
u32 store_newest(const char *dir, const char *name, const char *suffix);

#endif
