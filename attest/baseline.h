/*
 * Firmware baselines: the events of PCR0-7 that an approver accepted for a class of hardware. A class may have several:
 * that of the firmware before an update, and that of the one after it.
 * Trust: decides for the verifier; the log is outside bytes that led to the quoted PCRs. Pure.
 */
#ifndef SIGNET_ATTEST_BASELINE_H
#define SIGNET_ATTEST_BASELINE_H

#include "attest/boot_variable.h"
#include "lib/crypto/crypto.h"

enum { BASELINE_EVENTS_MAX = 512, BASELINE_PCRS = 0xFF, BASELINES_MAX = 8 /* of a class */ };

struct baseline_event {
	u32 pcr;
	u32 type;
	u8 digest[SHA256_SIZE];
};

/* In the log's order, without what is ignored. */
struct baseline {
	u64 number; /* within its class, from 1 and never given again; 0: a node's own events */
	u32 count;
	struct baseline_event events[BASELINE_EVENTS_MAX];
};

/* Those of a class, by rising numbers. */
struct baseline_set {
	const struct baseline *list;
	size_t count; /* at most BASELINES_MAX */
};

/* The first event that is not as it should be. */
struct difference {
	bool known;
	u32 index; /* of the event in the log, the header not counted; the number of events when one is missing */
	u32 pcr;
	u8 expected[SHA256_SIZE]; /* zeros: nothing more was expected */
	u8 found[SHA256_SIZE]; /* zeros: nothing more was there */
};

/* Whether the next event of a log is one of those that are approved; seen: zeros before the first. */
bool baseline_counts(struct boot_variables *seen, const struct log_format *format, const struct log_event *e);

/* What an approver would approve, numbered 0. ERR_BOOT_LOG; ERR_RANGE: more events than a baseline holds. */
enum err baseline_of(const u8 *log, size_t n, struct baseline *out) MUST_CHECK;

/* True when the log has exactly these events. A malformed log has not. */
bool baseline_matches(const struct baseline *b, const u8 *log, size_t n, struct difference *first);

/* The same events, whatever the numbers. */
bool baseline_same(const struct baseline *a, const struct baseline *b);
bool baseline_event_same(const struct baseline_event *a, const struct baseline_event *b);

/* Why a log is compared with that one. */
enum baseline_reason {
	BASELINE_ACCEPTS, /* its events are these */
	BASELINE_MATCHED_LAST, /* no one's are; the node's last good evidence had this one's */
	BASELINE_NEAREST, /* neither: it has the fewest events missing or added; of equally near ones the newest */
};

/*
 * The one of the set that a log is compared with, by the first of these reasons that finds one; matched: number of the
 * one that the node's last good evidence matched, 0: none. NULL: the set is empty.
 */
const struct baseline *baseline_to_compare(
        const struct baseline_set *set, u64 matched, const u8 *log, size_t n, enum baseline_reason *reason);

#endif
