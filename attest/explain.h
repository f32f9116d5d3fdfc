/*
 * Why an appraisal went as it did, and how a boot differs from an approved one, in words for a person.
 * Trust: pure; decides nothing. Logs are outside bytes.
 */
#ifndef SIGNET_ATTEST_EXPLAIN_H
#define SIGNET_ATTEST_EXPLAIN_H

#include "attest/appraise.h"
#include "attest/event_words.h"

enum { EXPLAIN_WORDS = 400 };

struct explanation {
	char expected[EXPLAIN_WORDS]; /* empty: no event decided */
	char found[EXPLAIN_WORDS];
	char advice[EXPLAIN_WORDS];
};

/*
 * evidence: what was appraised, or its log alone would do. approved: log of the boot whose events are the baseline
 * a->baseline, NULL where there is none. Whatever cannot be read is told by its digest.
 */
void explain(const struct appraisal *a, const struct bytes_view *log, const struct bytes_view *approved,
        struct explanation *out);

enum change_kind { CHANGE_SAME, CHANGE_GONE, CHANGE_NEW };

struct change {
	enum change_kind kind;
	u32 approved, found; /* places in the two baselines; the one of an event that is not there is not used */
};

/* At most this many: every event of both. */
enum { CHANGES_MAX = 2 * BASELINE_EVENTS_MAX };

/* The fewest changes that lead from the approved events to the found ones, in order. ERR_NO_MEMORY. */
enum err baseline_diff(const struct baseline *approved, const struct baseline *found, struct change out[CHANGES_MAX],
        u32 *count) MUST_CHECK;

/* The event of a log that stands at this place of its baseline. ERR_BOOT_LOG; ERR_RANGE: there is none. */
enum err baseline_event_words(const struct bytes_view *log, u32 at, struct event_words *out) MUST_CHECK;

#endif
