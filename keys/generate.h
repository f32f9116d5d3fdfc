/*
 * New keys of the chain (root, release, policy) in a key directory.
 * Trust: makes private keys.
 */
#ifndef SIGNET_KEYS_GENERATE_H
#define SIGNET_KEYS_GENERATE_H

#include "keys/store.h"

/* The number a new key of this role gets: one above any there was, retired ones included. */
u32 next_key_number(const char *dir, enum key_role role);

/*
 * Makes NAME-number.pem and NAME-number.pub in dir, and adds the public half to set. ERR_KEY_EXISTS, ERR_IO, ERR_RANGE.
 */
enum err chain_key_make(const char *dir, enum key_role role, u32 number, const struct passphrase *passphrase,
        struct key_set *set) MUST_CHECK;

/* Public half of NAME-number.pub; dir may be a retired/ folder. ERR_KEY_FILE. */
enum err public_key_load(const char *dir, enum key_role role, u32 number, struct public_key *out) MUST_CHECK;

/* The number of the file that holds the public key of that id; 0 when there is none. */
u32 key_file_number(const char *dir, enum key_role role, const u8 id[KEY_ID_SIZE]);

#endif
