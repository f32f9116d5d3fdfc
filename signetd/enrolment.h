/*
 * An approver's decision on a node: whether the write authority he gives fits the node, its policy key and its PCR7.
 * Trust: decides whose NV state is believed. Pure.
 */
#ifndef SIGNET_SIGNETD_ENROLMENT_H
#define SIGNET_SIGNETD_ENROLMENT_H

#include "signetd/storage_nodes.h"

enum authority_finding {
	AUTHORITY_FITS,
	AUTHORITY_MALFORMED,
	AUTHORITY_OTHER_NODE,
	AUTHORITY_OTHER_KEY,
	AUTHORITY_SIGNATURE, /* an entry is not signed by the policy key */
	AUTHORITY_OTHER_PCR7, /* the boot that was attested is not among the approved ones */
	AUTHORITY_FINDINGS,
};

enum authority_finding authority_judge(const u8 *bytes, size_t n, const u8 node[ATTEST_ID_SIZE],
        const u8 policy_key[P256_KEY_SIZE], const u8 pcr7[SHA256_SIZE]) MUST_CHECK;

/* What is the matter, and what to do about it. */
const char *authority_words(enum authority_finding f);
const char *authority_advice(enum authority_finding f);

#endif
