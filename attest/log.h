/*
 * The TCG crypto-agile event log (TCG PC Client Platform Firmware Profile, section 10): strict, bounded reading.
 * Trust: handles outside bytes (firmware's log, a node's evidence); pure. Nothing is copied: events point into the log.
 */
#ifndef SIGNET_ATTEST_LOG_H
#define SIGNET_ATTEST_LOG_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/tpm/types.h"

enum {
	EV_NO_ACTION = 3,
	/* The PCR of records that concern none; only EV_NO_ACTION may name it. */
	LOG_NO_PCR = 0xFFFFFFFF,
};

/* The hash algorithms of a log, from its header: each event carries one digest of each. */
struct log_format {
	u32 count;
	u16 alg[TPM_BANKS_MAX];
	u16 size[TPM_BANKS_MAX];
};

struct log_event {
	u32 pcr;
	u32 type;
	/* digest[i] belongs to alg[i] of the log's format, in whatever order the record has them. */
	const u8 *digest[TPM_BANKS_MAX];
	const u8 *data;
	u32 length;
};

struct log_reader {
	struct reader bytes;
	struct log_format format;
};

/* Reads the header event. ERR_BOOT_LOG unless it is a Spec ID Event03 with 1 to 8 distinct algorithms. */
enum err log_open(struct log_reader *r, const u8 *log, size_t n) MUST_CHECK;

/* No event is left. Stays false after an error. */
bool log_at_end(const struct log_reader *r);

/*
 * The next event. ERR_BOOT_LOG when it is cut short, names a PCR above 23, or does not carry exactly the digests of the
 * format; the reader is then of no further use.
 */
enum err log_next(struct log_reader *r, struct log_event *out) MUST_CHECK;

bool log_has_bank(const struct log_format *format, u16 alg);

/* The digest of one algorithm, NULL when the log has no such bank; *size is its length in bytes. */
const u8 *log_digest(const struct log_format *format, const struct log_event *e, u16 alg, u16 *size);

/* One event record without a log around it, as in the Final Events Table. Errors as log_next. */
enum err log_read_event(struct reader *bytes, const struct log_format *format, struct log_event *out) MUST_CHECK;

/*
 * The length of a log of which firmware tells only where its last event begins (GetEventLog): every event is walked
 * within the bound bytes that may be read, and one must begin at last. last 0: the header alone. ERR_BOOT_LOG.
 */
enum err log_measure(const u8 *log, size_t bound, size_t last, size_t *length) MUST_CHECK;

#endif
