/*
 * Writing the TCG crypto-agile event log: our own where firmware keeps none, and firmware's continued after it let go.
 * Trust: in the TCB; what firmware left is outside bytes. Pure.
 */
#ifndef SIGNET_ATTEST_LOG_WRITE_H
#define SIGNET_ATTEST_LOG_WRITE_H

#include "attest/log.h"
#include "lib/tpm/pcr.h"

/* bytes.start and bytes.used are the log. After an error it is what it was before the call. */
struct log {
	struct writer bytes;
	struct log_format format;
};

/* An empty log over the active banks. ERR_TPM_BANK for a bank of unknown digest size, ERR_NO_MEMORY without room. */
enum err log_create(struct log *l, u8 *buffer, size_t room, const struct tpm_banks *banks) MUST_CHECK;

/* Goes on with the log in the first n bytes of the buffer, all of which is read once. ERR_BOOT_LOG, ERR_RANGE (n >
 * room). */
enum err log_resume(struct log *l, u8 *buffer, size_t n, size_t room) MUST_CHECK;

/* Of what TPM2_PCR_Event tells, which is the hash by every algorithm that the TPM knows, keeps the log's banks. */
void log_keep_banks(const struct log_format *format, struct tpm_digests *digests);

/* digests must hold each bank of the log, and no other: ERR_TPM_BANK. ERR_RANGE (pcr), ERR_NO_MEMORY. */
enum err log_append(
        struct log *l, u32 pcr, u32 type, const struct tpm_digests *digests, const u8 *data, u32 length) MUST_CHECK;

/*
 * Every active bank to rely on is in the log. One that firmware does not measure into stands at zero: whoever comes
 * later could extend what he likes into it and quote that. ERR_TPM_BANK, ERR_BOOT_LOG. In log_covers.c.
 */
enum err log_covers(const u8 *log, size_t n, const struct tpm_banks *active) MUST_CHECK;

/*
 * The number of events in an EFI Final Events Table. Its length is told nowhere: n is how many bytes may be read.
 * ERR_BOOT_LOG for another version.
 */
enum err log_final_count(const u8 *table, size_t n, u64 *count) MUST_CHECK;

/*
 * Appends the events of the table but the first skip: the count that the table had when GetEventLog was called, as
 * those are in the log already. ERR_BOOT_LOG when the table is malformed or has fewer, ERR_NO_MEMORY.
 */
enum err log_append_final(struct log *l, const u8 *table, size_t n, u64 skip) MUST_CHECK;

#endif
