/*
 * A real TPM 2.0 implementation, swtpm, as a child process on socket pairs: no path, no port, nobody else can reach it.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_SWTPM_H
#define SIGNET_TESTS_TPM_SWTPM_H

#include "lib/tpm/tpm.h"

#include <sys/types.h>

struct swtpm {
	pid_t pid;
	int data;
	int control;
	struct tpm tpm;
};

/* Starts it on the state in dir (made if missing) and powers it on; TPM2_Startup is the caller's. ERR_TOOL. */
enum err swtpm_start(struct swtpm *s, const char *dir) MUST_CHECK;

/* Hardware reset: PCRs start over, NV stays. TPM2_Startup is the caller's. ERR_TOOL. */
enum err swtpm_reset(struct swtpm *s) MUST_CHECK;

/* Ends the child. */
void swtpm_stop(struct swtpm *s);

#endif
