/*
 * Building one command and taking its response apart. For the files in lib/tpm/ and for tests; others use the commands.
 * Trust: in the TCB.
 */
#ifndef SIGNET_LIB_TPM_COMMAND_H
#define SIGNET_LIB_TPM_COMMAND_H

#include "lib/bytes.h"
#include "lib/tpm/tpm.h"
#include "lib/tpm/types.h"

enum { TPM_AUTH_VALUE_MAX = 32 };

/* Secret that a hierarchy or object asks for; size 0 is the empty value. */
struct tpm_auth_value {
	u16 size;
	u8 bytes[TPM_AUTH_VALUE_MAX];
};

struct tpm_command {
	struct tpm *tpm;
	struct writer w;
	u32 auths; /* authorized handles: one where a command of ours needs it */
	/* Once it was run: */
	struct reader r; /* the response's parameters, inside the TPM's buffer until the next command */
	enum err error;
};

/* In this order: begin, write the handles, authorize (if the command needs it), write the parameters, run. */
struct tpm_command tpm_command_begin(struct tpm *tpm, u32 code);
/*
 * session: TPM_RS_PW or a policy session, which carries no value: none of our policies asks for one. value NULL: empty.
 */
void tpm_command_authorize(struct tpm_command *c, u32 session, const struct tpm_auth_value *value);

/*
 * Sends it. handle is where the response's handle goes, NULL when the command has none. What goes wrong is kept for
 * tpm_command_end(): until then parameters read as from a reader that failed.
 */
void tpm_command_run(struct tpm_command *c, u32 *handle);
/*
 * What went wrong first. ERR_TPM_REFUSED: see tpm->response_code; ERR_TPM_RESPONSE: malformed, or the parameters are
 * not exactly what was read; ERR_RANGE: the command does not fit its buffer; or the transport's.
 */
enum err tpm_command_end(const struct tpm_command *c) MUST_CHECK;
/* For commands whose response has no parameters. */
enum err tpm_command_run_plain(struct tpm_command *c) MUST_CHECK;

#endif
