/*
 * Key access: the one way to a private key, which never leaves this interface. PEM files stand behind it; a token can.
 * Trust: holds private keys in memory, wiped on close. Key files are the operator's; their modes are checked.
 */
#ifndef SIGNET_KEYS_ACCESS_H
#define SIGNET_KEYS_ACCESS_H

#include "image/format.h"
#include "lib/crypto/crypto.h"

enum { PASSPHRASE_MAX = 1024 };

/* length 0: none. */
struct passphrase {
	char text[PASSPHRASE_MAX + 1];
	size_t length;
};

/*
 * First line of file, "-" for standard input; a NULL file gives none. ERR_KEY_PASSPHRASE when unreadable or empty,
 * ERR_KEY_MODE when others can read it.
 */
enum err passphrase_read(const char *file, struct passphrase *out) MUST_CHECK;
void passphrase_wipe(struct passphrase *p);

/* An open ECDSA key: P-384 (root, release) or P-256 (policy). */
struct signer;

/*
 * location: path of a PEM file. ERR_KEY_FILE: missing, unreadable, or no ECDSA key of those curves; ERR_KEY_MODE:
 * others have access; ERR_KEY_PASSPHRASE: encrypted, and the passphrase is missing or wrong.
 */
enum err signer_open(const char *location, const struct passphrase *passphrase, struct signer **out) MUST_CHECK;
/* NULL is fine. */
void signer_close(struct signer *s);

enum signature_algorithm signer_algorithm(const struct signer *s);
/* Bytes of key and of signature: 96 (P-384) or 64 (P-256). */
size_t signer_size(const struct signer *s);
/* X || Y, zeros after. */
const u8 *signer_public_key(const struct signer *s);
/* SHA-256 of the signer_size() bytes of the key. */
const u8 *signer_id(const struct signer *s);

/*
 * Signs a digest (SHA-384 for P-384, SHA-256 for P-256) into r || s, big-endian, signer_size() bytes; deterministic
 * (RFC 6979).
 */
enum err signer_sign(struct signer *s, const u8 *digest, u8 signature[P384_SIGNATURE_SIZE]) MUST_CHECK;

#endif
