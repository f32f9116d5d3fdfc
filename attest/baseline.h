/*
 * Firmware baselines: the events of PCR0-7 that an approver accepted for a class of hardware.
 * Trust: decides for the verifier; the log is outside bytes that led to the quoted PCRs. Pure.
 */
#ifndef SIGNET_ATTEST_BASELINE_H
#define SIGNET_ATTEST_BASELINE_H

#include "attest/boot_variable.h"
#include "lib/crypto/crypto.h"

enum { BASELINE_EVENTS_MAX = 512, BASELINE_PCRS = 0xFF };

struct baseline_event {
	u32 pcr;
	u32 type;
	u8 digest[SHA256_SIZE];
};

/* In the log's order, without what is ignored. */
struct baseline {
	u32 count;
	struct baseline_event events[BASELINE_EVENTS_MAX];
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

/* What an approver would approve. ERR_BOOT_LOG; ERR_RANGE: more events than a baseline holds. */
enum err baseline_of(const u8 *log, size_t n, struct baseline *out) MUST_CHECK;

/* True when the log has exactly these events. A malformed log has not. */
bool baseline_matches(const struct baseline *b, const u8 *log, size_t n, struct difference *first);

#endif
