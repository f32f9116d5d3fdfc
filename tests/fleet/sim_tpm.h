/*
 * Enrolment's part of a TPM in software: an EK of the default template, and TPM2_ActivateCredential.
 * Test code.
 */
#ifndef SIGNET_TESTS_FLEET_SIM_TPM_H
#define SIGNET_TESTS_FLEET_SIM_TPM_H

#include "signetd/credential.h"
#include "tests/adversarial/software_tpm.h"

size_t sim_ek(u8 out[TPM_PUBLIC_MAX]);

/* blob, seed: as the server sends them. False: a TPM would refuse. */
bool sim_activate(
        const u8 *blob, size_t blob_size, const u8 *seed, size_t seed_size, u32 ak, u8 secret[CREDENTIAL_SECRET_SIZE]);

#endif
