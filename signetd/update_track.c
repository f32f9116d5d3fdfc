/* Following updates. Trust: see the header. */
#include "signetd/update_track.h"

#include "signetd/text.h"
#include "update/refusal.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *words;
	bool end;
} states[UPDATE_STATES] = {
	[UPDATE_WAITING] = { "waiting", false },
	[UPDATE_WRITING] = { "writing", false },
	[UPDATE_STAGED] = { "staged", false },
	[UPDATE_DRAINING] = { "draining", false },
	[UPDATE_TRYING] = { "trying", false },
	[UPDATE_UNCONFIRMED] = { "unconfirmed", false },
	[UPDATE_COMMITTED] = { "committed", true },
	[UPDATE_REFUSED] = { "refused", true },
	[UPDATE_FAILED] = { "failed", true },
	[UPDATE_FALLEN_BACK] = { "fallen-back", true },
	[UPDATE_CANCELLED] = { "cancelled", true },
};

bool update_has_ended(enum update_state s)
{
	return states[s].end;
}

const char *update_state_words(enum update_state s)
{
	return states[s].words;
}

void update_end(struct update_node *n, enum update_state state, const char *code, const char *reason)
{
	n->state = state;
	(void)snprintf(n->code, sizeof(n->code), "%s", code);
	(void)snprintf(n->reason, sizeof(n->reason), "%s", reason);
	text_end_whole(n->code);
	text_end_whole(n->reason);
}

/* It runs: the state that its slot is in, or why it stays on trial. */
static enum update_state state_of_running(const struct update_sight *s, char reason[UPDATE_REASON_SIZE])
{
	const struct slot_record *slot = NULL;

	reason[0] = '\0';
	if (s->kind == SIGHT_AUTHENTIC) {
		(void)snprintf(reason, UPDATE_REASON_SIZE, "its boot was not found good: %s: %s",
		        verdict_name(s->verdict), verdict_words(s->verdict));
		return UPDATE_TRYING;
	}
	for (u32 i = 0; i < SLOTS; i++)
		if (digest_equal(s->slot[i].digest, s->running, SHA384_SIZE))
			slot = &s->slot[i];
	if (s->kind == SIGHT_GOOD && s->held)
		(void)snprintf(
		        reason, UPDATE_REASON_SIZE, "the node is held for an earlier failure: `signet attest clear`");
	if (slot && slot->state == SLOT_UNCONFIRMED)
		return UPDATE_UNCONFIRMED;
	if (slot && slot->state == SLOT_GOOD)
		return s->kind == SIGHT_GOOD ? UPDATE_COMMITTED : UPDATE_UNCONFIRMED;
	return UPDATE_TRYING;
}

static bool see_running(struct update_node *n, const struct update_sight *s)
{
	char reason[UPDATE_REASON_SIZE];
	enum update_state state = state_of_running(s, reason);
	bool same = n->answered && n->state == state && strcmp(n->reason, reason) == 0;

	/* Only evidence takes a reason back that evidence gave. */
	if (s->kind == SIGHT_REPORT && state <= n->state)
		return false;
	n->answered = true;
	update_end(n, state, "", reason);
	return !same;
}

static const struct slot_record *slot_of(const struct update_sight *s, const u8 image[SHA384_SIZE])
{
	for (u32 i = 0; i < SLOTS; i++)
		if (digest_equal(s->slot[i].digest, image, SHA384_SIZE))
			return &s->slot[i];
	return NULL;
}

/* Bad since it was ordered, and not from before. */
static bool fell_back(const struct update_node *n, const struct update_sight *s, const struct slot_record *slot)
{
	if (!slot || slot->state != SLOT_BAD)
		return false;
	return s->kind == SIGHT_GOOD ? s->sequence > n->sequence : n->state > UPDATE_WAITING;
}

static bool see_other(struct update_node *n, const struct update_sight *s)
{
	if (s->kind == SIGHT_AUTHENTIC)
		return false;
	const struct slot_record *slot = slot_of(s, n->image);

	if (fell_back(n, s, slot)) {
		update_end(n, UPDATE_FALLEN_BACK, "fell-back", slot_cause_text(slot->cause));
		return true;
	}
	if (s->kind != SIGHT_GOOD || !n->answered || memcmp(s->session, n->session, sizeof(n->session)) == 0)
		return false;
	/* It has started again since it was told to try. */
	if (!slot)
		update_end(n, UPDATE_FAILED, "slot-lost",
		        "the node no longer has it: the slot was written over or erased");
	else if (slot->state == SLOT_STAGED)
		update_end(n, UPDATE_FAILED, "not-tried",
		        "the node started again without trying it: its boot state cannot be written, see PCR 7");
	return update_has_ended(n->state);
}

bool update_see(struct update_node *n, const struct update_sight *s)
{
	if (update_has_ended(n->state))
		return false;
	return digest_equal(s->running, n->image, SHA384_SIZE) ? see_running(n, s) : see_other(n, s);
}

bool update_advance(struct update_node *n, const struct update_progress *p)
{
	if (n->answered || n->state > UPDATE_DRAINING || p->state < UPDATE_WAITING || p->state > UPDATE_DRAINING)
		return false;
	bool changed = n->state != p->state;

	n->state = p->state;
	n->done = p->done;
	n->total = p->total;
	n->written = p->written;
	n->fetched = p->fetched;
	n->reused = p->reused;
	return changed;
}

void update_staged(struct update_node *n, const u8 session[ATTEST_ID_SIZE])
{
	if (n->state > UPDATE_DRAINING)
		return;
	n->answered = true;
	n->state = UPDATE_DRAINING;
	memcpy(n->session, session, sizeof(n->session));
}

bool update_not_staged(struct update_node *n, const char *code, const char *message)
{
	if (n->state > UPDATE_DRAINING)
		return false;
	if (strcmp(code, "interrupted") == 0) {
		n->order = 0;
		return true;
	}
	update_end(n,
	        strcmp(code, "cancelled") == 0 ? UPDATE_CANCELLED
	                : refusal_named(code)  ? UPDATE_REFUSED
	                                       : UPDATE_FAILED,
	        code, message);
	return false;
}
