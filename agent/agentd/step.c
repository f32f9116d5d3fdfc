/* What the agent does next. Trust: see the header. */
#include "agent/agentd/step.h"

enum fact { NO, YES, ANY };

/* The first row that fits. */
static const struct {
	u8 rested, prepared, known, due; /* enum fact */
	enum agent_step step;
} next[] = {
	{ NO, ANY, ANY, ANY, STEP_WAIT },
	{ YES, NO, ANY, ANY, STEP_PREPARE },
	{ YES, YES, NO, ANY, STEP_ENROL },
	{ YES, YES, YES, YES, STEP_ATTEST },
	{ YES, YES, YES, NO, STEP_WAIT },
};

enum rest { AT_ONCE, GROWING, LONG };
enum due { KEEP, NOW, AGAIN };

/* What each end of each step changes. SAME: as it was. */
enum change { SAME, SET, CLEAR };
static const struct after {
	u8 prepared, known; /* enum change */
	u8 due; /* enum due */
	u8 rest; /* enum rest */
} after[AGENT_STEPS][AGENT_OUTCOMES] = {
	[STEP_WAIT] = { { SAME, SAME, KEEP, AT_ONCE }, { SAME, SAME, KEEP, AT_ONCE }, { SAME, SAME, KEEP, AT_ONCE },
	        { SAME, SAME, KEEP, AT_ONCE }, { SAME, SAME, KEEP, AT_ONCE } },
	/* Prepared, it is taken to be known until the fleet server says otherwise. */
	[STEP_PREPARE] = { [OUTCOME_DONE] = { SET, SET, NOW, AT_ONCE },
	        [OUTCOME_UNKNOWN] = { CLEAR, SAME, KEEP, GROWING },
	        [OUTCOME_UNREACHABLE] = { CLEAR, SAME, KEEP, GROWING },
	        [OUTCOME_REFUSED] = { CLEAR, SAME, KEEP, LONG },
	        [OUTCOME_FAILED] = { CLEAR, SAME, KEEP, GROWING } },
	[STEP_ENROL] = { [OUTCOME_DONE] = { SAME, SET, NOW, AT_ONCE },
	        [OUTCOME_UNKNOWN] = { SAME, CLEAR, KEEP, GROWING },
	        [OUTCOME_UNREACHABLE] = { SAME, CLEAR, KEEP, GROWING },
	        [OUTCOME_REFUSED] = { SAME, CLEAR, KEEP, LONG },
	        [OUTCOME_FAILED] = { CLEAR, CLEAR, KEEP, GROWING } },
	/* To enrol at once after UNKNOWN, again and again, would be a loop: it rests too. What failed stays due. */
	[STEP_ATTEST] = { [OUTCOME_DONE] = { SAME, SAME, AGAIN, AT_ONCE },
	        [OUTCOME_UNKNOWN] = { SAME, CLEAR, NOW, GROWING },
	        [OUTCOME_UNREACHABLE] = { SAME, SAME, NOW, GROWING },
	        [OUTCOME_REFUSED] = { SAME, SAME, NOW, LONG },
	        [OUTCOME_FAILED] = { CLEAR, SAME, NOW, GROWING } },
};

static bool fits(u8 wanted, bool is)
{
	return wanted == ANY || (wanted == YES) == is;
}

enum agent_step agent_next(const struct agent_state *s, u64 now)
{
	bool rested = now >= s->rest, due = s->asked || now >= s->due;

	for (u32 i = 0; i < ARRAY_SIZE(next); i++)
		if (fits(next[i].rested, rested) && fits(next[i].prepared, s->prepared) &&
		        fits(next[i].known, s->known) && fits(next[i].due, due))
			return next[i].step;
	return STEP_WAIT;
}

u32 rest_of(u32 failures, u32 random)
{
	u32 whole = REST_LEAST_MS;

	for (u32 i = 1; i < failures && whole < REST_MOST_MS; i++)
		whole *= 2;
	if (whole > REST_MOST_MS)
		whole = REST_MOST_MS;
	return whole / 2 + random % (whole / 2 + 1);
}

void agent_begin(struct agent_state *s, enum agent_step step)
{
	if (step == STEP_ATTEST)
		s->asked = false;
}

static void change(bool *fact, u8 how)
{
	if (how != SAME)
		*fact = how == SET;
}

void agent_after(
        struct agent_state *s, enum agent_step step, enum agent_outcome outcome, u64 now, u64 again_ms, u32 random)
{
	const struct after *a = &after[step][outcome];

	change(&s->prepared, a->prepared);
	change(&s->known, a->known);
	if (a->due != KEEP)
		s->due = a->due == NOW ? now : now + again_ms;
	if (step != STEP_WAIT)
		s->failures = a->rest == AT_ONCE ? 0 : s->failures + 1;
	if (a->rest == GROWING)
		s->rest = now + rest_of(s->failures, random);
	else if (a->rest == LONG)
		s->rest = now + REST_REFUSED_MS / 2 + random % (REST_REFUSED_MS / 2);
}

void agent_ask(struct agent_state *s)
{
	s->asked = true;
	s->rest = 0;
}

u32 agent_sleep(const struct agent_state *s, u64 now)
{
	u64 at = s->rest;

	if (agent_next(s, now) != STEP_WAIT)
		return 0;
	if (now >= s->rest)
		at = s->due;
	return at - now < REST_MOST_MS ? (u32)(at - now) : REST_MOST_MS;
}
