/*
 * Starting a TPM (TCG Part 3, sections 9.3 and 10.2).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/startup.h"

#include "lib/tpm/interface.h"
#include "lib/tpm/types_beyond.h"

enum err tpm_startup(struct tpm *tpm)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Startup);
	write_be16(&c.w, TPM_SU_CLEAR);
	enum err e = tpm_command_run_plain(&c);
	return tpm_refused_with(tpm, e, TPM_RC_INITIALIZE) ? OK : e;
}

const char *tpm_device_interface(const struct tpm_device *d)
{
	return d->interface == &tpm_crb ? "crb" : "tis";
}
