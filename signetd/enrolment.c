/*
 * Judging a write authority.
 * Trust: decides whose NV state is believed. Pure.
 */
#include "signetd/enrolment.h"

#include "lib/crypto/p256.h"
#include "lib/tpm/policy.h"
#include "update/nv_tpm.h"

#include <string.h>

/* A node takes any entry that its policy key signed; one with a wrong signature says that something is amiss. */
static bool entries_are_signed(const struct authority *a)
{
	u8 hash[SHA256_SIZE];

	for (u32 i = 0; i < a->count; i++) {
		policy_approval_hash(a->entry[i].approved, a->node_id, hash);
		if (ecdsa_p256_verify(a->policy_key, hash, a->entry[i].signature) != OK)
			return false;
	}
	return true;
}

enum authority_finding authority_judge(const u8 *bytes, size_t n, const u8 node[ATTEST_ID_SIZE],
        const u8 policy_key[P256_KEY_SIZE], const u8 pcr7[SHA256_SIZE])
{
	struct authority a;
	u8 approved[SHA256_SIZE];

	if (authority_parse(bytes, n, &a) != OK)
		return AUTHORITY_MALFORMED;
	if (memcmp(a.node_id, node, sizeof(a.node_id)) != 0)
		return AUTHORITY_OTHER_NODE;
	if (memcmp(a.policy_key, policy_key, sizeof(a.policy_key)) != 0)
		return AUTHORITY_OTHER_KEY;
	if (!entries_are_signed(&a))
		return AUTHORITY_SIGNATURE;
	policy_pcr_digest(PCR_SECURE_BOOT, pcr7, approved);
	return authority_find(&a, approved) ? AUTHORITY_FITS : AUTHORITY_OTHER_PCR7;
}

static const struct {
	const char *words, *advice;
} findings[AUTHORITY_FINDINGS] = {
	[AUTHORITY_FITS] = { "it fits", "nothing" },
	[AUTHORITY_MALFORMED] = { "the write authority is malformed", "make it with `signet keys authorize`" },
	[AUTHORITY_OTHER_NODE] = { "the write authority is for another node",
	        "give `signet keys authorize` this node's id" },
	[AUTHORITY_OTHER_KEY] = { "the write authority is of another policy key",
	        "use the policy key of the node's image" },
	[AUTHORITY_SIGNATURE] = { "the policy key did not sign all of the write authority",
	        "make it with `signet keys authorize`" },
	[AUTHORITY_OTHER_PCR7] = { "the write authority does not approve the PCR7 that the node attested",
	        "look at the node's Secure Boot events, then approve its PCR7 with `signet keys authorize`" },
};

const char *authority_words(enum authority_finding f)
{
	return findings[f < AUTHORITY_FINDINGS ? f : AUTHORITY_MALFORMED].words;
}

const char *authority_advice(enum authority_finding f)
{
	return findings[f < AUTHORITY_FINDINGS ? f : AUTHORITY_MALFORMED].advice;
}
