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

/* CR0 and CR4 by their rules, for handle_cr: EXIT_SKIP, or #GP raised. */
enum exit_result write_cr0(struct vcpu *v, u64 value);
enum exit_result write_cr4(struct vcpu *v, u64 value);

/* INS and OUTS. */
exit_handler handle_string_io;

#endif
