/*
 * A TPM that answers every command with the bytes it was given.
 * Test code.
 */
#ifndef SIGNET_TESTS_TPM_SCRIPTED_H
#define SIGNET_TESTS_TPM_SCRIPTED_H

#include "lib/tpm/tpm.h"

struct scripted {
	const u8 *response;
	size_t size;
	/* This many commands are first answered with this response code. */
	u32 code;
	u32 code_times;
	u32 submitted, paused;
	u8 last[TPM_BUFFER_SIZE];
	size_t last_size;
};

struct tpm_transport scripted_transport(struct scripted *s);

#endif
