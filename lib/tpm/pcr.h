/*
 * Events into PCRs: all that root mode does to them.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_PCR_H
#define SIGNET_LIB_TPM_PCR_H

#include "lib/tpm/tpm.h"
#include "lib/tpm/types.h"

struct tpm_bank_digest {
	u16 alg;
	u16 size;
	u8 digest[TPM_DIGEST_MAX];
};

/* The active ones. */
struct tpm_banks {
	u32 count;
	u16 alg[TPM_BANKS_MAX];
};

/* One PCR's value or one event's digest in every bank. */
struct tpm_digests {
	u32 count;
	struct tpm_bank_digest bank[TPM_BANKS_MAX];
};

/* Extends every active bank with that bank's hash of n <= TPM_EVENT_DATA_MAX bytes, and tells those hashes. */
enum err tpm_pcr_event(struct tpm *tpm, u32 pcr, const u8 *data, size_t n, struct tpm_digests *out) MUST_CHECK;

#endif
