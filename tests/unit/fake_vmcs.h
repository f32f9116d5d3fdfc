/* A VMCS that is an array, and the registers that live in the processor beside it. */
#ifndef SIGNET_TESTS_FAKE_VMCS_H
#define SIGNET_TESTS_FAKE_VMCS_H

#include "hv/vmx/vmcs.h"

/* An encoding is access 0, index 9:1, type 11:10, width 14:13 (SDM 25.11.2): the tables of fields.h cannot slip a
 * column. */
enum vmcs_type { VMCS_CONTROL, VMCS_READ_ONLY, VMCS_GUEST, VMCS_HOST };
enum vmcs_width { VMCS_16, VMCS_64, VMCS_32, VMCS_NATURAL };
#define VMCS_ENCODING(width, type, index) ((unsigned)(width) << 13 | (unsigned)(type) << 10 | (unsigned)(index) << 1)

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

/* What only tests look at. */
enum {
	VMCS_GUEST_CS_SELECTOR = 0x0802,
	VMCS_GUEST_SS_SELECTOR = 0x0804,
	VMCS_GUEST_CS_LIMIT = 0x4802,
	VMCS_GUEST_SS_ACCESS = 0x4818,
	VMCS_GUEST_DS_ACCESS = 0x481A,
	VMCS_GUEST_CS_BASE = 0x6808,
	CR0_MP = BIT(1),
	CR0_TS = BIT(3),
	CR0_AM = BIT(18),
	CR4_PKE = BIT(22),
	VECTOR_BP = 3,
};

#endif
