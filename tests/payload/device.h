/*
 * The machine's TPM, spoken to directly: nobody else is left to use it.
 * Trust: test code only.
 */
#ifndef SIGNET_TESTS_PAYLOAD_DEVICE_H
#define SIGNET_TESTS_PAYLOAD_DEVICE_H

#include "lib/err.h"
#include "lib/tpm/tpm.h"

/* Opens TIS or CRB, whichever answers, at locality 0. ERR_TPM_ABSENT, ERR_TPM_TIMEOUT. */
enum err tpm_open(struct tpm *tpm) MUST_CHECK;

#endif
