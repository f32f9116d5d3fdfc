/*
 * The power switch of the simulated node: every NV and flash operation is counted here, and in any one of them the
 * power can go. What ran is abandoned on the spot, as in a real cut; the same cut does the same again.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_POWER_H
#define SIGNET_TESTS_SIM_POWER_H

#include "lib/types.h"

#include <setjmp.h>

enum op_kind { OP_NV_READ, OP_NV_WRITE, OP_FLASH_READ, OP_FLASH_WRITE, OP_FLASH_FLUSH, OP_KINDS };

enum tear {
	TEAR_BEFORE, /* nothing of it; what flash had not flushed is lost */
	TEAR_PREFIX, /* its first bytes */
	TEAR_SUFFIX, /* its last bytes */
	TEAR_MIX, /* some of its bytes */
	TEAR_SECTORS, /* some 512-byte sectors of everything not flushed */
	TEAR_ALONE, /* all of it and nothing else that was not flushed: re-ordered */
	TEAR_AFTER, /* all of it and everything before */
	TEARS,
};

enum { OPS_MAX = 4096 };

struct power {
	u32 count; /* operations so far */
	u32 cut_at; /* the power goes in this one, counted from 1; 0: never */
	enum tear tear;
	u64 random;
	u8 kinds[OPS_MAX]; /* of each operation so far */
	jmp_buf off;
};

void power_on(struct power *p, u32 cut_at, enum tear tear);

/* Counts an operation. True: the power goes now; the caller tears it, then calls power_off. */
bool power_fails(struct power *p, enum op_kind kind);

/* Abandons whatever runs: returns to the setjmp on p->off. */
_Noreturn void power_off(struct power *p);

/* The ways in which an operation of that kind can be cut. */
bool tear_applies(enum op_kind kind, enum tear tear);

const char *tear_name(enum tear tear);

u64 power_random(struct power *p);

/* Leaves in old what a torn write of new over it leaves. PREFIX, SUFFIX or MIX; never all of it nor nothing. */
void tear_bytes(struct power *p, u8 *old, const u8 *new, size_t n);

#endif
