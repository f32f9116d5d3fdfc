/*
 * Signing a node's write authority (update/authority.h) with the newest policy key of a key directory.
 * Trust: signs with the policy key, which decides which machines may change their boot state.
 */
#ifndef SIGNET_KEYS_APPROVE_H
#define SIGNET_KEYS_APPROVE_H

#include "keys/commands.h"
#include "update/authority.h"

/* Values of PCR 7, SHA-256 bank, under which the node may write. */
struct pcr7_values {
	u32 count;
	u8 value[AUTHORITY_ENTRIES_MAX][SHA256_SIZE];
};

/* The values of --pcr7, behind those that are there. Says what is wrong. */
enum exit_code pcr7_from_options(const struct args *args, struct pcr7_values *values) MUST_CHECK;

/* Says what is wrong. */
enum exit_code authority_sign(const struct key_session *s, const u8 node[NODE_ID_SIZE],
        const struct pcr7_values *values, struct authority *out) MUST_CHECK;

#endif
