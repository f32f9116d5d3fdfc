/*
 * Sits between a TPM and who speaks with it, and meddles with one command: it never arrives, is refused, or its answer
 * is changed on the way. Test code.
 */
#ifndef SIGNET_TESTS_TPM_MEDDLER_H
#define SIGNET_TESTS_TPM_MEDDLER_H

#include "lib/tpm/tpm.h"

struct meddler {
	u32 command; /* that one alone is counted; 0: all */
	u32 which; /* of those, from 1 */
	enum err lost; /* it never arrives */
	u32 refusal; /* it never arrives either, but this is answered */
	size_t flip; /* of its answer, this byte, not the first */
	u32 seen;
	struct tpm *tpm;
	struct tpm_transport real;
};

void meddler_begin(struct meddler *m, struct tpm *tpm);
void meddler_end(struct meddler *m);
/* Whether there was a command to meddle with. */
bool meddler_met(const struct meddler *m);

#endif
