/*
 * Starting a TPM: the stage does where no firmware did.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_STARTUP_H
#define SIGNET_LIB_TPM_STARTUP_H

#include "lib/tpm/command.h"
#include "lib/tpm/device.h"

/* A TPM that firmware started already is OK too. */
enum err tpm_startup(struct tpm *tpm) MUST_CHECK;

/* How the hand-off calls the interface that tpm_device_init() found: "tis" or "crb". */
const char *tpm_device_interface(const struct tpm_device *d);

#endif
