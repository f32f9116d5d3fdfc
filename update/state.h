/*
 * Slot records: what each slot is doing, how it fared, and the pure decisions on them (docs/states.md).
 * Trust: in the TCB; pure. The same tables serve stage, hypervisor, agent and simulator.
 */
#ifndef SIGNET_UPDATE_STATE_H
#define SIGNET_UPDATE_STATE_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "lib/types.h"

enum { SLOTS = 2, SLOT_A = 0, SLOT_B = 1, SLOT_NONE = 2 };

/* What a slot is doing. */
enum slot_state {
	SLOT_EMPTY = 0,
	SLOT_WRITING = 1,
	SLOT_STAGED = 2,
	SLOT_TRYING = 3,
	SLOT_UNCONFIRMED = 4,
	SLOT_GOOD = 5,
	SLOT_BAD = 6,
	SLOT_STATES,
};

/* How it fared: why a slot is BAD, for the next evidence. */
enum slot_cause {
	CAUSE_NONE = 0,
	CAUSE_TRIAL_EXHAUSTED = 1, /* no try left, never healthy */
	CAUSE_VERIFICATION = 2, /* signature or content did not verify */
	CAUSE_REFUSED = 3, /* verified, but policy refused it: floor, hardware, flags */
	SLOT_CAUSES,
};

enum slot_event {
	SLOT_BEGIN_WRITE,
	SLOT_STAGE, /* read back and verified */
	SLOT_START, /* about to be jumped to: counts a try */
	SLOT_FAIL, /* no tries left, or did not verify */
	SLOT_HEALTHY, /* local health reached */
	SLOT_COMMIT, /* verifier's verdict */
	SLOT_ERASE,
	SLOT_EVENTS,
};

enum { TRIES_MAX = 3 };

struct slot_record {
	enum slot_state state;
	u8 tries; /* left; only in TRYING */
	enum slot_cause cause;
	u8 digest[SHA384_SIZE]; /* of the manifest this record speaks of; zero when EMPTY or WRITING */
};

enum { STATE_RECORD_SIZE = 208, FLOOR_RECORD_SIZE = 16 };

struct boot_state {
	u64 sequence;
	u64 image_floor;
	u64 key_floor;
	struct slot_record slot[SLOTS];
};

void boot_state_encode(const struct boot_state *s, u8 out[STATE_RECORD_SIZE]);
/* ERR_NV_RECORD for anything but one valid encoding. */
enum err boot_state_decode(const u8 *bytes, size_t n, struct boot_state *out) MUST_CHECK;
void floor_encode(u64 value, u8 out[FLOOR_RECORD_SIZE]);
enum err floor_decode(const u8 *bytes, size_t n, u64 *out) MUST_CHECK;

/* ERR_STATE_TRANSITION leaves the record as it was. digest is used by SLOT_STAGE, cause by SLOT_FAIL. */
enum err slot_transition(
        struct slot_record *r, enum slot_event event, const u8 *digest, enum slot_cause cause) MUST_CHECK;

const char *slot_state_name(enum slot_state s);
const char *slot_cause_text(enum slot_cause c);

#endif
