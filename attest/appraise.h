/*
 * The appraisal: whether one piece of evidence shows a good boot of one node (docs/attestation.md). Whatever is not
 * found good is refused, with the first thing that differs.
 * Trust: the verifier's decision; evidence is outside bytes. Pure: no I/O, no clock, nothing kept.
 */
#ifndef SIGNET_ATTEST_APPRAISE_H
#define SIGNET_ATTEST_APPRAISE_H

#include "attest/baseline.h"
#include "attest/evidence.h"
#include "attest/reference.h"
#include "attest/verdicts.h"
#include "update/state.h"

/* What is on record of a node. */
struct node_record {
	u8 id[ATTEST_ID_SIZE];
	struct bytes_view ak; /* TPMT_PUBLIC, as activated at enrolment */
	struct tpm_name nv_name[EVIDENCE_NV_COUNT]; /* of the indices once written */
	u64 image_floor, key_floor; /* minimum for this node */
	u64 state_sequence; /* of the newest boot state seen */
	/* Of the last good evidence; seen false: there was none. */
	bool seen;
	u8 session[ATTEST_ID_SIZE];
	u64 clock;
	u32 resets, restarts;
	u64 baseline; /* number of the one that it matched; 0: none */
};

/* What the fleet lets pass; zero is the strictest. */
struct appraisal_policy {
	u32 image_flags; /* enum image_flag allowed */
	bool bios; /* firmware that measures nothing, and so has no Secure Boot */
	bool secure_boot_off;
	bool no_dma_protection;
	bool ungated;
	bool no_baseline; /* any firmware */
};

struct appraisal_terms {
	u8 nonce[ATTEST_ID_SIZE]; /* issued to this node, unused, unexpired */
	u8 tls_key[SHA256_SIZE]; /* of the connection the evidence came by */
	u64 now; /* Unix seconds */
	const struct node_record *node;
	const struct reference *reference; /* NULL: the image does not verify */
	struct baseline_set baselines; /* approved for its class */
	const struct appraisal_policy *policy; /* NULL: the strictest */
};

struct appraisal {
	enum verdict verdict;
	struct difference difference; /* known: the event, or PCR, that decided */
	/* Number of the one that has the firmware's events, or that the difference is from; 0: none was looked at */
	u64 baseline;
	struct claim claim;
	u64 clock;
	u32 resets, restarts;
	u32 slot;
	u64 image_floor, key_floor; /* as certified */
	u64 state_sequence;
	struct boot_state state; /* the newest one certified */
};

/* Returns out->verdict too. What out says beside the verdict was checked only when that is VERDICT_GOOD. */
enum verdict appraise(
        const u8 *evidence, size_t n, const struct appraisal_terms *terms, struct appraisal *out) MUST_CHECK;

/*
 * Its first steps alone, which cost one signature of the TPM's: whether the evidence is of this node, for this nonce,
 * by this connection. Reference, baseline and policy are not looked at.
 */
enum verdict appraise_origin(
        const u8 *evidence, size_t n, const struct appraisal_terms *terms, struct appraisal *out) MUST_CHECK;

#endif
