/*
 * Fuzzes state and floor records: whatever decodes has that one encoding, and no event leads to a record that would not
 * decode.
 * Trust: test code.
 */
#include "update/state.h"

#include <stdlib.h>
#include <string.h>

enum { CHECKED_BYTES = STATE_RECORD_SIZE - SHA256_SIZE };

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_events(const struct boot_state *s, const u8 before[STATE_RECORD_SIZE])
{
	for (u32 event = 0; event < SLOT_EVENTS; event++) {
		struct boot_state next = *s;
		struct boot_state back;
		u8 after[STATE_RECORD_SIZE];
		const u8 *digest = s->slot[SLOT_B].digest;
		enum err e = slot_transition(&next.slot[SLOT_A], (enum slot_event)event, digest, CAUSE_REFUSED);

		boot_state_encode(&next, after);
		must(e == OK || memcmp(before, after, sizeof(after)) == 0);
		must(boot_state_decode(after, sizeof(after), &back) == OK);
	}
}

static void try_state(const u8 *bytes, size_t n)
{
	struct boot_state s;
	u8 again[STATE_RECORD_SIZE];

	if (boot_state_decode(bytes, n, &s) != OK)
		return;
	must(n == STATE_RECORD_SIZE);
	boot_state_encode(&s, again);
	must(memcmp(bytes, again, sizeof(again)) == 0);
	try_events(&s, again);
}

static void try_floor(const u8 *bytes, size_t n)
{
	u8 again[FLOOR_RECORD_SIZE];
	u64 value;

	if (floor_decode(bytes, n, &value) != OK)
		return;
	must(n == FLOOR_RECORD_SIZE);
	floor_encode(value, again);
	must(memcmp(bytes, again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	u8 sealed[STATE_RECORD_SIZE];

	try_state(bytes, n);
	try_floor(bytes, n);
	/* With the checksum put right, or nothing would ever come past it. */
	if (n >= CHECKED_BYTES) {
		memcpy(sealed, bytes, CHECKED_BYTES);
		sha256_of(sealed, CHECKED_BYTES, sealed + CHECKED_BYTES);
		try_state(sealed, sizeof(sealed));
	}
	return 0;
}
