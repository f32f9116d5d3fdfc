/* A VMCS that is an array, and the registers that live in the processor beside it. */
#ifndef SIGNET_TESTS_FAKE_VMCS_H
#define SIGNET_TESTS_FAKE_VMCS_H

#include "hv/vmx/vmcs.h"

#include <setjmp.h>

enum { VMCS_FIELDS = 0x8000, LIVE_MSRS = 16 };

extern struct fake_vmcs {
	u64 field[VMCS_FIELDS];
	bool written[VMCS_FIELDS];
	u32 reads, writes;
	u64 cr2, dr[8], xcr0, tsc;
	struct {
		u32 number;
		u64 value;
	} msr[LIVE_MSRS];
	u64 components[64]; /* the state behind each bit of XCR0, as one word */
	u32 write_backs;
} fake_vmcs;

/* Where a machine check ends. */
extern jmp_buf fake_machine_check;

#endif
