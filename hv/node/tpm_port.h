/*
 * The service VM's TPM port: one command at a time, filtered (tpm_filter.h), carried by the worker between root mode's
 * own commands. Trust: in the TCB; every byte is the service VM's. All with the lock held.
 */
#ifndef SIGNET_HV_NODE_TPM_PORT_H
#define SIGNET_HV_NODE_TPM_PORT_H

#include "lib/types.h"

/*
 * Called with the lock held: the answer to a command, n <= 4096; or n 0: the port was opened or closed, what was
 * pending is dropped. Either way the next command is taken from now on, in this call already.
 */
typedef void tpm_port_answer(const u8 *response, size_t n);

void tpm_port_init(tpm_port_answer *answer);

/* The service VM opened the port: nothing of before is pending or loaded. */
void tpm_port_open(void);
/* Pending answers are dropped; what was loaded through the port is flushed. */
void tpm_port_close(void);

/*
 * One command, as one buffer of the port; of any length, also a malformed one: each gets its answer. false: not
 * now: offer it again after tpm_port_answer().
 */
bool tpm_port_command(const u8 *command, size_t n);

#endif
