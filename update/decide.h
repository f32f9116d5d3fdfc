/*
 * Which slot to boot, and why: one const table (docs/states.md).
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_UPDATE_DECIDE_H
#define SIGNET_UPDATE_DECIDE_H

#include "update/state.h"

/* Why a slot is booted, in order of preference; measured into PCR14 and handed on. */
enum boot_reason {
	REASON_TRIAL = 1, /* STAGED or TRYING with tries left */
	REASON_UNCONFIRMED = 2,
	REASON_GOOD = 3,
	REASON_UNPROVISIONED = 4, /* no NV state: newest valid slot */
	REASON_STATE_LOST = 5,
	REASON_UNSTAGED = 6, /* valid, but not what the state recorded */
	REASON_LAST_RESORT = 7, /* BAD or a trial that cannot be counted; nothing better verifies */
	REASON_END,
	REASON_NONE = 0,
};

enum nv_status { NV_UNPROVISIONED, NV_PROVISIONED, NV_STATE_LOST };

struct slot_facts {
	bool valid; /* head verified and policy satisfied */
	bool digest_fits; /* manifest digest equals the record's */
	u32 svn;
	u64 created;
	struct slot_record record; /* meaningless unless NV_PROVISIONED */
};

struct boot_choice {
	u8 slot;
	enum boot_reason reason;
};

/* The reason for which one slot may boot, REASON_NONE if it may not. */
enum boot_reason slot_reason(enum nv_status nv, bool writable, const struct slot_facts *facts);

/* Orders the bootable slots, best first; returns how many (0..2). */
u32 boot_order(enum nv_status nv, bool writable, const struct slot_facts facts[SLOTS], struct boot_choice out[SLOTS]);

const char *boot_reason_text(enum boot_reason r);

#endif
