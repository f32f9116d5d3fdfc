/*
 * What was known of a node when its evidence was appraised, in a file beside the evidence: what the evidence cannot say
 * itself. Trust: the operator's own file, saved from the fleet server; whoever can change it can make any evidence
 * good.
 */
#ifndef SIGNET_CLI_ATTEST_RECORD_H
#define SIGNET_CLI_ATTEST_RECORD_H

#include "cli/answer.h"

#include "attest/appraise.h"

struct attest_record {
	bool known; /* false: there was no file, and the rest is nothing */
	u64 time;
	u8 node[ATTEST_ID_SIZE], nonce[ATTEST_ID_SIZE], tls_key[SHA256_SIZE];
	u8 ak[EVIDENCE_AK_MAX];
	size_t ak_size;
	u8 policy_key[P256_KEY_SIZE]; /* zeros: not enrolled, or not known */
	u64 image_floor, key_floor;
	struct baseline baselines[BASELINES_MAX]; /* approved for its class when it was saved */
	size_t baseline_count;
	u64 matched; /* number of the one that its last good evidence matched; 0: none */
};

/* The record in JSON, of the fleet server's answers; baselines may be NULL. To be freed; NULL without memory. */
char *attest_record_text(yyjson_val *appraisal, yyjson_val *node, yyjson_val *baselines, size_t *n);

/* False: malformed. */
bool attest_record_parse(const char *text, size_t n, struct attest_record *out);

#endif
