/*
 * Coverage: slot_transition is called through here (linked with --wrap), whoever calls it.
 * Trust: test code.
 */
#include "tests/sim/coverage.h"

#include <stdio.h>
#include <string.h>

static const char *const event_name[SLOT_EVENTS] = { "begin-write", "stage", "start", "fail", "healthy", "commit",
	"erase" };

static u64 states[SLOT_STATES];
static u64 transitions[SLOT_STATES][SLOT_EVENTS];
static u64 reasons[REASON_END];
static u64 causes[SLOT_CAUSES];

/* The linker's names. */
enum err __real_slot_transition(
        struct slot_record *r, enum slot_event event, const u8 *digest, enum slot_cause cause) MUST_CHECK;
enum err __wrap_slot_transition(
        struct slot_record *r, enum slot_event event, const u8 *digest, enum slot_cause cause) MUST_CHECK;

enum err __wrap_slot_transition(struct slot_record *r, enum slot_event event, const u8 *digest, enum slot_cause cause)
{
	enum slot_state from = r->state;
	enum err e = __real_slot_transition(r, event, digest, cause);

	if (e == OK) {
		transitions[from][event]++;
		causes[r->cause]++;
	}
	return e;
}

void coverage_boot(const struct boot_report *up)
{
	if (up->stopped == OK)
		reasons[up->choice.reason]++;
}

void coverage_states(const struct boot_state *state)
{
	for (u8 i = 0; i < SLOTS; i++)
		states[state->slot[i].state]++;
}

/* Asks the code itself, so that a new transition wants a scenario. */
static bool legal(enum slot_state s, enum slot_event event)
{
	struct slot_record r = { .state = s };
	static const u8 digest[SHA384_SIZE] = { 1 };

	if (s != SLOT_EMPTY && s != SLOT_WRITING)
		memcpy(r.digest, digest, sizeof(digest));
	if (s == SLOT_TRYING)
		r.tries = 1;
	if (s == SLOT_BAD)
		r.cause = CAUSE_VERIFICATION;
	return __real_slot_transition(&r, event, digest, CAUSE_VERIFICATION) == OK;
}

static bool report_transitions(void)
{
	bool all = true;

	printf("# %-12s", "transition");
	for (u32 e = 0; e < SLOT_EVENTS; e++)
		printf(" %11s", event_name[e]);
	printf("\n");
	for (u32 s = 0; s < SLOT_STATES; s++) {
		printf("# %-12s", slot_state_name((enum slot_state)s));
		for (u32 e = 0; e < SLOT_EVENTS; e++) {
			bool wanted = legal((enum slot_state)s, (enum slot_event)e);

			all = all && wanted == (transitions[s][e] > 0);
			if (wanted)
				printf(" %11llu", (unsigned long long)transitions[s][e]);
			else
				printf(" %11s", "-");
		}
		printf("\n");
	}
	return all;
}

static bool report_counts(const char *what, const char *(*name)(u32), const u64 *counts, u32 from, u32 end)
{
	bool all = true;

	for (u32 i = from; i < end; i++) {
		printf("# %-10s %-28s %llu\n", what, name(i), (unsigned long long)counts[i]);
		all = all && counts[i] > 0;
	}
	return all;
}

static const char *state_name(u32 i)
{
	return slot_state_name((enum slot_state)i);
}

static const char *reason_name(u32 i)
{
	return boot_reason_text((enum boot_reason)i);
}

static const char *cause_name(u32 i)
{
	return slot_cause_text((enum slot_cause)i);
}

bool coverage_report(void)
{
	bool all = report_transitions();

	all &= report_counts("state", state_name, states, 0, SLOT_STATES);
	all &= report_counts("reason", reason_name, reasons, REASON_TRIAL, REASON_END);
	all &= report_counts("cause", cause_name, causes, CAUSE_TRIAL_EXHAUSTED, SLOT_CAUSES);
	return all;
}
