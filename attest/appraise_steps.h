/*
 * What the steps of an appraisal share; for attest/appraise*.c alone.
 * Trust: as appraise.h.
 */
#ifndef SIGNET_ATTEST_APPRAISE_STEPS_H
#define SIGNET_ATTEST_APPRAISE_STEPS_H

#include "attest/appraise.h"
#include "attest/quote.h"

struct inquiry {
	const u8 *bytes;
	size_t n;
	const struct appraisal_terms *terms;
	struct appraisal_policy policy;
	struct appraisal *out;
	/* Filled step by step. */
	struct evidence evidence;
	u8 ak[P256_KEY_SIZE];
	u8 qualifying[SHA256_SIZE];
	struct attested quote;
};

/* Told of each event that extends a PCR, in the log's order, with its SHA-256 digest. */
typedef enum verdict inquiry_visit(
        struct inquiry *q, void *context, u32 index, const struct log_event *e, const u8 *digest);
/* For logs with that bank. Ends with the first that is not VERDICT_GOOD. VERDICT_LOG_FORMAT. */
enum verdict inquiry_walk(struct inquiry *q, inquiry_visit *each, void *context);

/* Keeps what decided. expected: NULL for nothing. */
void inquiry_differs(struct inquiry *q, u32 index, u32 pcr, const u8 *expected, const u8 *found);

enum verdict step_log(struct inquiry *q);
enum verdict step_own_pcrs(struct inquiry *q);
enum verdict step_decisions(struct inquiry *q);
enum verdict step_nv(struct inquiry *q);

#endif
