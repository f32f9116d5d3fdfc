/*
 * One VM exit as handlers see it: what the guest tried, already decoded, without a VMCS field in sight, so that another
 * vendor's back end can stand beside hv/vmx. Trust: in the TCB; pure. Values are the guest's doing.
 */
#ifndef SIGNET_HV_EXIT_EXIT_H
#define SIGNET_HV_EXIT_EXIT_H

#include "lib/control/exit_kinds.h"
#include "lib/types.h"

enum exit_kind {
#define KIND(name, text) EXIT_##name,
	EXIT_KINDS_LIST(KIND) EXIT_KINDS,
};
#undef KIND

struct exit_exception {
	u8 vector;
	bool int1; /* a trap by that instruction, which RIP is still at */
	u32 error; /* or 0 */
};

/* The processor's own numbers; CLTS and LMSW change nothing that exits. */
enum cr_access { CR_WRITE, CR_READ, CR_CLTS, CR_LMSW };
struct exit_cr {
	u8 number; /* 0-15 */
	u8 access; /* enum cr_access */
	u8 gpr; /* of a read or write */
};

struct exit_io {
	u16 port;
	u8 size; /* 1, 2 or 4; 0: one that does not exist */
	bool in, string;
};

struct exit_memory {
	u64 guest; /* guest-physical address */
	bool write, fetch; /* what was tried; neither: a read */
	bool has_linear; /* an instruction's own access, */
	bool walking; /* or one in the guest's page tables on the way there */
};

struct exit {
	u8 kind; /* enum exit_kind */
	u32 reason; /* as the processor gave it, for reports */
	u64 qualification; /* likewise, where it has one that tells something */
	union {
		struct exit_exception exception;
		struct exit_cr cr;
		struct exit_io io;
		struct exit_memory memory;
		u8 vector; /* of an interrupt */
	};
};

enum exit_result {
	EXIT_RETRY, /* enter the guest again where it was */
	EXIT_SKIP, /* the instruction is done */
	EXIT_LEAVE, /* the machine wants this processor first */
	EXIT_BLOCK, /* done and completed by the handler, and nothing to do until an interrupt comes */
	EXIT_STOP, /* the VM is at its end; vcpu_report says why */
};

#endif
