/*
 * PCR commands.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_PCR_H
#define SIGNET_LIB_TPM_PCR_H

#include "lib/tpm/tpm.h"
#include "lib/tpm/types.h"

struct tpm_banks {
	u32 count;
	u16 alg[TPM_BANKS_MAX];
};

struct tpm_bank_digest {
	u16 alg;
	u16 size;
	u8 digest[TPM_DIGEST_MAX];
};

/* One PCR's value or one event's digest in every bank. */
struct tpm_digests {
	u32 count;
	struct tpm_bank_digest bank[TPM_BANKS_MAX];
};

/*
 * The active banks. ERR_TPM_BANK when none of them is one to rely on, when one is active for some PCRs only, or of an
 * algorithm whose digest size we do not know: an event log over such banks could not be written.
 */
enum err tpm_pcr_banks(struct tpm *tpm, struct tpm_banks *out) MUST_CHECK;

/* SHA-256 and SHA-384: what quotes are judged by. SHA-1 alone measures nothing that could not be forged. */
bool tpm_bank_is_reliable(u16 alg);

/* pcr 0..23. Fills out->digest and size; ERR_TPM_BANK when the bank is not active. */
enum err tpm_pcr_read(struct tpm *tpm, u16 alg, u32 pcr, struct tpm_bank_digest *out) MUST_CHECK;

/* Extends every active bank with that bank's hash of n <= TPM_EVENT_DATA_MAX bytes, and tells those hashes. */
enum err tpm_pcr_event(struct tpm *tpm, u32 pcr, const u8 *data, size_t n, struct tpm_digests *out) MUST_CHECK;

enum err tpm_pcr_extend(struct tpm *tpm, u32 pcr, const struct tpm_digests *digests) MUST_CHECK;

#endif
