/*
 * Slot records: their one encoding, and the table of what may follow what (docs/states.md).
 * Trust: in the TCB; pure. Decodes bytes from TPM NV, which are not believed before they are checked.
 */
#include "update/state.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum {
	MAGIC_BYTES = 8,
	STATE_VERSION = 1,
	SLOT_BYTES = 64,
	CHECKED_BYTES = STATE_RECORD_SIZE - SHA256_SIZE,
};

static_assert(MAGIC_BYTES + 4 + 4 + 3 * 8 + 8 + SLOTS * SLOT_BYTES == CHECKED_BYTES, "state record layout");
static_assert(3 + 5 + 8 + SHA384_SIZE == SLOT_BYTES, "slot layout");

static const u8 magic[MAGIC_BYTES] = { 'S', 'I', 'G', 'N', 'E', 'T', 'B', '1' };

/* What a record in each state carries; a combination outside this table was never written by us. */
static const struct {
	const char *name;
	bool has_digest;
	bool has_cause;
	u8 tries_end; /* tries are below this */
} state_shape[SLOT_STATES] = {
	[SLOT_EMPTY] = { "EMPTY", false, false, 1 },
	[SLOT_WRITING] = { "WRITING", false, false, 1 },
	[SLOT_STAGED] = { "STAGED", true, false, 1 },
	[SLOT_TRYING] = { "TRYING", true, false, TRIES_MAX },
	[SLOT_UNCONFIRMED] = { "UNCONFIRMED", true, false, 1 },
	[SLOT_GOOD] = { "GOOD", true, false, 1 },
	[SLOT_BAD] = { "BAD", true, true, 1 },
};

/* Next state plus one, so that what is not listed is refused. */
#define TO(state) ((u8)((state) + 1))
enum { REFUSED = 0 };

static const u8 next_state[SLOT_STATES][SLOT_EVENTS] = {
	[SLOT_EMPTY] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_WRITING] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_STAGE] = TO(SLOT_STAGED),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_STAGED] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_START] = TO(SLOT_TRYING),
		[SLOT_FAIL] = TO(SLOT_BAD),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_TRYING] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_START] = TO(SLOT_TRYING),
		[SLOT_FAIL] = TO(SLOT_BAD),
		[SLOT_HEALTHY] = TO(SLOT_UNCONFIRMED),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_UNCONFIRMED] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_START] = TO(SLOT_UNCONFIRMED),
		[SLOT_FAIL] = TO(SLOT_BAD),
		[SLOT_COMMIT] = TO(SLOT_GOOD),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_GOOD] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_START] = TO(SLOT_GOOD),
		[SLOT_FAIL] = TO(SLOT_BAD),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
	[SLOT_BAD] = {
		[SLOT_BEGIN_WRITE] = TO(SLOT_WRITING),
		[SLOT_START] = TO(SLOT_BAD),
		[SLOT_ERASE] = TO(SLOT_EMPTY),
	},
};

static bool record_is_possible(const struct slot_record *r)
{
	if ((u32)r->state >= SLOT_STATES || (u32)r->cause >= SLOT_CAUSES)
		return false;
	return r->tries < state_shape[r->state].tries_end &&
	        (r->cause != CAUSE_NONE) == state_shape[r->state].has_cause &&
	        !bytes_are_zero(r->digest, SHA384_SIZE) == state_shape[r->state].has_digest;
}

static void slot_write(struct writer *w, const struct slot_record *r)
{
	write_u8(w, (u8)r->state);
	write_u8(w, r->tries);
	write_u8(w, (u8)r->cause);
	write_zero(w, 5 + 8);
	write_bytes(w, r->digest, SHA384_SIZE);
}

static bool slot_read(struct reader *r, struct slot_record *out)
{
	out->state = (enum slot_state)read_u8(r);
	out->tries = read_u8(r);
	out->cause = (enum slot_cause)read_u8(r);
	read_zero(r, 5 + 8);
	read_copy(r, out->digest, SHA384_SIZE);
	return !r->failed && record_is_possible(out);
}

void boot_state_encode(const struct boot_state *s, u8 out[STATE_RECORD_SIZE])
{
	struct writer w = writer_on(out, STATE_RECORD_SIZE);

	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, STATE_VERSION);
	write_zero(&w, 4);
	write_le64(&w, s->sequence);
	write_le64(&w, s->image_floor);
	write_le64(&w, s->key_floor);
	write_zero(&w, 8);
	for (u8 i = 0; i < SLOTS; i++)
		slot_write(&w, &s->slot[i]);
	sha256_of(out, CHECKED_BYTES, out + CHECKED_BYTES);
}

static bool record_is_intact(const u8 *bytes, size_t n)
{
	u8 digest[SHA256_SIZE];

	if (n != STATE_RECORD_SIZE)
		return false;
	sha256_of(bytes, CHECKED_BYTES, digest);
	return digest_equal(digest, bytes + CHECKED_BYTES, SHA256_SIZE);
}

enum err boot_state_decode(const u8 *bytes, size_t n, struct boot_state *out)
{
	struct boot_state s = { 0 };
	const u8 *found;

	if (!record_is_intact(bytes, n))
		return ERR_NV_RECORD;
	struct reader r = reader_on(bytes, CHECKED_BYTES);
	found = read_bytes(&r, sizeof(magic));
	if (!found || memcmp(found, magic, sizeof(magic)) != 0 || read_le32(&r) != STATE_VERSION)
		return ERR_NV_RECORD;
	read_zero(&r, 4);
	s.sequence = read_le64(&r);
	s.image_floor = read_le64(&r);
	s.key_floor = read_le64(&r);
	read_zero(&r, 8);
	for (u8 i = 0; i < SLOTS; i++) {
		if (!slot_read(&r, &s.slot[i]))
			return ERR_NV_RECORD;
	}
	if (!reader_done(&r))
		return ERR_NV_RECORD;
	*out = s;
	return OK;
}

void floor_encode(u64 value, u8 out[FLOOR_RECORD_SIZE])
{
	store_le64(out, value);
	store_le64(out + 8, ~value);
}

enum err floor_decode(const u8 *bytes, size_t n, u64 *out)
{
	/* The complement tells a torn write from a value; the index itself is too small to be worth a hash. */
	if (n != FLOOR_RECORD_SIZE || load_le64(bytes) != ~load_le64(bytes + 8))
		return ERR_NV_RECORD;
	*out = load_le64(bytes);
	return OK;
}

/* The record after an event that the table allows, before it is known to be possible. */
static struct slot_record record_after(
        const struct slot_record *r, enum slot_event event, enum slot_state to, const u8 *digest, enum slot_cause cause)
{
	struct slot_record next = { .state = to };

	if (event == SLOT_STAGE && digest)
		memcpy(next.digest, digest, SHA384_SIZE);
	else if (state_shape[to].has_digest)
		memcpy(next.digest, r->digest, SHA384_SIZE);
	if (state_shape[to].has_cause)
		next.cause = event == SLOT_FAIL ? cause : r->cause;
	/* STAGED counts as holding every try. */
	if (event == SLOT_START && to == SLOT_TRYING)
		next.tries = (u8)((r->state == SLOT_STAGED ? TRIES_MAX : r->tries) - 1);
	return next;
}

enum err slot_transition(struct slot_record *r, enum slot_event event, const u8 *digest, enum slot_cause cause)
{
	struct slot_record next;

	if (!record_is_possible(r) || (u32)event >= SLOT_EVENTS || next_state[r->state][event] == REFUSED)
		return ERR_STATE_TRANSITION;
	next = record_after(r, event, (enum slot_state)(next_state[r->state][event] - 1), digest, cause);
	/* Refuses a start without tries left (they wrap), a stage without a digest, a failure without a cause. */
	if (!record_is_possible(&next))
		return ERR_STATE_TRANSITION;
	*r = next;
	return OK;
}

const char *slot_state_name(enum slot_state s)
{
	return (u32)s < SLOT_STATES ? state_shape[s].name : "unknown";
}

const char *slot_cause_text(enum slot_cause c)
{
	static const char *const text[SLOT_CAUSES] = {
		[CAUSE_NONE] = "none",
		[CAUSE_TRIAL_EXHAUSTED] = "no try left and never healthy",
		[CAUSE_VERIFICATION] = "did not verify",
		[CAUSE_REFUSED] = "refused by policy",
	};

	return (u32)c < SLOT_CAUSES ? text[c] : "unknown";
}
