/*
 * Signatures on an image or on its head alone: the head is what signers pass around, so that a signing machine needs
 * neither the payload nor the network. Trust: runs where release keys are; shows and signs an image's claims, never
 * judges them.
 */
#ifndef SIGNET_IMAGE_HOST_SIGN_H
#define SIGNET_IMAGE_HOST_SIGN_H

#include "image/host/image_file.h"
#include "keys/access.h"

/* One entry as it stands in the list; pointers go into the list. */
struct signature_entry {
	const u8 *key_id;
	const u8 *signature; /* P384_SIGNATURE_SIZE bytes */
};

/* What an entry is worth against a key set. */
enum signature_worth { SIGNATURE_VALID, SIGNATURE_WRONG, SIGNATURE_UNKNOWN_KEY, SIGNATURE_REVOKED_KEY };

struct signature_list {
	u32 count;
	struct signature_entry entries[SIGNATURES_COUNT_MAX];
};

/* ERR_SIGNATURE_LIST. */
enum err signature_list_read(const u8 *list, size_t n, struct signature_list *out) MUST_CHECK;

enum signature_worth signature_worth(
        const struct signature_entry *entry, const u8 digest[SHA384_SIZE], const struct key_set *keys);

/* Valid signatures by release keys of the set. ERR_SIGNATURE_LIST. */
enum err image_signature_count(struct image_file *f, const struct key_set *keys, u32 *valid) MUST_CHECK;

/*
 * Adds a signature to the head in memory. ERR_SIGNATURE_MISSING: the signer is no release key of the image's key
 * manifest; ERR_KEY_EXISTS: it has signed already; ERR_SIGNATURE_LIST, ERR_RANGE.
 */
enum err image_sign(struct image_file *f, const struct key_set *keys, struct signer *signer) MUST_CHECK;

/*
 * Takes over the signatures of another copy of the same head. ERR_KEYS_OTHER: it is another image's;
 * ERR_SIGNATURE_WRONG: a signature in it does not hold or is by no release key; *added counts those that are new.
 */
enum err image_attach(struct image_file *f, const struct key_set *keys, struct image_file *from, u32 *added) MUST_CHECK;

/* Writes f with its head as it is in memory now to path, which may be the file it came from: whole or not at all. */
enum err image_save(const struct image_file *f, const char *path) MUST_CHECK;
/* Only the head: a signing request. */
enum err image_save_head(const struct image_file *f, const char *path) MUST_CHECK;

#endif
