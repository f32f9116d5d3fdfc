/*
 * PCR values that follow from an event log.
 * Trust: decides for the verifier whether log and quote agree; the log is outside bytes. Pure.
 */
#ifndef SIGNET_ATTEST_REPLAY_H
#define SIGNET_ATTEST_REPLAY_H

#include "attest/log.h"
#include "lib/crypto/crypto.h"

/* Banks that are replayed. Others may be in the log; nobody should rely on them. */
enum replay_bank { REPLAY_SHA256, REPLAY_SHA384, REPLAY_BANKS };

struct replay_values {
	/* The log carries the bank at all. */
	bool present;
	/* One bit a PCR that an event extended. */
	u32 extended;
	/* SHA-256 uses the first 32 bytes. */
	u8 pcr[TPM_PCRS][SHA384_SIZE];
};

struct replay {
	bool locality_known;
	struct replay_values bank[REPLAY_BANKS];
};

void replay_init(struct replay *p, const struct log_format *format);

/*
 * Follows one event. ERR_BOOT_LOG for what a static launch cannot show: an event in a PCR that a dynamic launch resets
 * (17-22), a second or late StartupLocality, a locality other than 0, 3 or 4.
 */
enum err replay_event(struct replay *p, const struct log_format *format, const struct log_event *e) MUST_CHECK;

/* All of a log. Also ERR_BOOT_LOG when the log is malformed. */
enum err replay_log(struct replay *p, const u8 *log, size_t n) MUST_CHECK;

#endif
