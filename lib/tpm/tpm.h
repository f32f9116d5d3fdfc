/*
 * A TPM 2.0 as the project sees it: a transport that carries one command and its response, and the state to
 * speak over it. Commands are in tpm/admin.h, bank.h, pcr.h, session.h, policy.h, nv.h, key.h.
 * Trust: in the TCB. Responses are outside bytes: every length is checked, every response code read.
 */
#ifndef SIGNET_LIB_TPM_TPM_H
#define SIGNET_LIB_TPM_TPM_H

#include "lib/err.h"

enum { TPM_BUFFER_SIZE = 4096 };

struct tpm_transport {
	/*
	 * Sends command, waits for the response within the command's time-out. *length is the response's.
	 * ERR_TPM_ABSENT, ERR_TPM_TIMEOUT, ERR_TPM_RESPONSE (framing).
	 */
	enum err (*submit)(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length);
	/* Waits before a command that the TPM asked us to repeat is sent again; NULL: it follows at once. */
	void (*pause)(void *context, u32 milliseconds);
	void *context;
};

struct tpm {
	struct tpm_transport transport;
	/* Response code of the last command, 0 on success; meaningful after ERR_TPM_REFUSED and for messages. */
	u32 response_code;
	/* Command code it belongs to. */
	u32 command_code;
	u8 command[TPM_BUFFER_SIZE];
	u8 response[TPM_BUFFER_SIZE];
};

void tpm_init(struct tpm *tpm, struct tpm_transport transport);

/* A response code without the number of the parameter, handle or session it blames: compares with enum tpm_rc. */
u32 tpm_rc_base(u32 response_code);

/* The last command was refused, and for this reason (enum tpm_rc). */
bool tpm_refused_with(const struct tpm *tpm, enum err e, u32 rc_base);

#endif
