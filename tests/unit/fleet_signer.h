/* Leaves, tickets and commit verdicts as the fleet signs them, by the keys of tests/adversarial/forge_people.c. */
#ifndef SIGNET_TESTS_UNIT_FLEET_SIGNER_H
#define SIGNET_TESTS_UNIT_FLEET_SIGNER_H

#include "attest/verdict.h"
#include "tests/adversarial/forge.h"

#include <string.h>

#define FLEET_CA ROOT_A
#define FLEET_TICKET_LEAF RELEASE_A
#define FLEET_COMMIT_LEAF RELEASE_B

static inline void sign_leaf(enum forge_person ca, u8 record[LEAF_RECORD_SIZE])
{
	u8 digest[SHA384_SIZE];

	leaf_digest(record, digest);
	forge_signature(ca, digest, record + LEAF_BODY_SIZE);
}

static inline void make_leaf(enum forge_person who, enum leaf_role role, u32 epoch, u8 record[LEAF_RECORD_SIZE])
{
	struct leaf leaf = { .role = role, .epoch = epoch };

	memcpy(leaf.key, forge_public(who), sizeof(leaf.key));
	leaf_encode(&leaf, record);
	sign_leaf(FLEET_CA, record);
}

static inline void sign_ticket(enum forge_person who, u8 bytes[TICKET_SIZE])
{
	u8 digest[SHA384_SIZE];

	ticket_digest(bytes, digest);
	forge_signature(who, digest, bytes + TICKET_BODY_SIZE);
}

static inline void sign_verdict(enum forge_person who, u8 bytes[COMMIT_VERDICT_SIZE])
{
	u8 digest[SHA384_SIZE];

	verdict_digest(bytes, digest);
	forge_signature(who, digest, bytes + COMMIT_VERDICT_BODY_SIZE);
}

#endif
