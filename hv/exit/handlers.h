/* The handlers of the table in table.c, by file. Trust: in the TCB; pure over the accessors of hv/vm/vcpu.h. */
#ifndef SIGNET_HV_EXIT_HANDLERS_H
#define SIGNET_HV_EXIT_HANDLERS_H

#include "hv/vm/vcpu.h"

typedef enum exit_result exit_handler(struct vcpu *v, const struct exit *x);

exit_handler handle_cpuid;
exit_handler handle_cr;
exit_handler handle_exception;
exit_handler handle_io;
exit_handler handle_memory;
exit_handler handle_rdmsr, handle_wrmsr;
exit_handler handle_xsetbv;

/* By kind. alone: it touches nothing but its vCPU, or takes the lock itself where it does more. */
struct exit_row {
	exit_handler *handle;
	const char *reason; /* why the VM ends, where it always does */
	u8 vector; /* what the guest gets, where it always does */
	bool alone;
};
extern const struct exit_row exit_table[EXIT_KINDS];

/* Runs the handler for what happened, and takes the instruction as done where it says so. Here, as every exit does it.
 */
__attribute__((always_inline)) static inline enum exit_result exit_handle(struct vcpu *v, const struct exit *x)
{
	enum exit_result result;

	v->exits[x->kind]++;
	result = exit_table[x->kind].handle(v, x);
	if (__builtin_expect(result == EXIT_SKIP, true))
		vcpu_complete(v);
	return result;
}

#endif
