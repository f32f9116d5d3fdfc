/*
 * The TPM's banks: what the stage asks before it measures, and what tests read and extend.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_BANK_H
#define SIGNET_LIB_TPM_BANK_H

#include "lib/tpm/pcr.h"

/*
 * The active banks. ERR_TPM_BANK when none of them is one to rely on, when one is active for some PCRs only, or of an
 * algorithm whose digest size we do not know: an event log over such banks could not be written.
 */
enum err tpm_pcr_banks(struct tpm *tpm, struct tpm_banks *out) MUST_CHECK;

/* SHA-256 and SHA-384: what quotes are judged by. SHA-1 alone measures nothing that could not be forged. */
bool tpm_bank_is_reliable(u16 alg);

/* pcr 0..23. Fills out->digest and size; ERR_TPM_BANK when the bank is not active. */
enum err tpm_pcr_read(struct tpm *tpm, u16 alg, u32 pcr, struct tpm_bank_digest *out) MUST_CHECK;

enum err tpm_pcr_extend(struct tpm *tpm, u32 pcr, const struct tpm_digests *digests) MUST_CHECK;

#endif
