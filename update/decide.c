/*
 * Which slot to boot, and why: one const table, the same as in docs/states.md (tests/unit/decide_test.c compares them).
 * Trust: in the TCB; pure.
 */
#include "update/decide.h"

enum answer { ANY, YES, NO };

#define NV(status) BIT(NV_##status)
#define STATE(state) BIT(SLOT_##state)
#define ANY_STATE (BIT(SLOT_STATES) - 1)

/* For slots that verify and that policy lets through. The rows exclude each other; no row means: may not boot. */
static const struct row {
	u8 nv;
	u8 states;
	enum answer digest_fits;
	enum answer tries_left;
	enum answer writable;
	enum boot_reason reason;
} rows[] = {
	/* NV, states, digest fits, tries left, writable */
	{ NV(UNPROVISIONED), ANY_STATE, ANY, ANY, ANY, REASON_UNPROVISIONED },
	{ NV(STATE_LOST), ANY_STATE, ANY, ANY, ANY, REASON_STATE_LOST },
	{ NV(PROVISIONED), STATE(STAGED), YES, ANY, YES, REASON_TRIAL },
	{ NV(PROVISIONED), STATE(TRYING), YES, YES, YES, REASON_TRIAL },
	{ NV(PROVISIONED), STATE(UNCONFIRMED), YES, ANY, ANY, REASON_UNCONFIRMED },
	{ NV(PROVISIONED), STATE(GOOD), YES, ANY, ANY, REASON_GOOD },
	{ NV(PROVISIONED), ANY_STATE, NO, ANY, ANY, REASON_UNSTAGED },
	/* A try that cannot be counted is not a trial. */
	{ NV(PROVISIONED), STATE(STAGED), YES, ANY, NO, REASON_LAST_RESORT },
	{ NV(PROVISIONED), STATE(TRYING), YES, YES, NO, REASON_LAST_RESORT },
	{ NV(PROVISIONED), STATE(TRYING), YES, NO, ANY, REASON_LAST_RESORT },
	{ NV(PROVISIONED), STATE(BAD), YES, ANY, ANY, REASON_LAST_RESORT },
};

static bool fits(enum answer wanted, bool is)
{
	return wanted == ANY || (wanted == YES) == is;
}

static bool row_fits(const struct row *row, enum nv_status nv, bool writable, const struct slot_facts *facts)
{
	return (row->nv & BIT(nv)) && (row->states & BIT(facts->record.state)) &&
	        fits(row->digest_fits, facts->digest_fits) && fits(row->tries_left, facts->record.tries > 0) &&
	        fits(row->writable, writable);
}

enum boot_reason slot_reason(enum nv_status nv, bool writable, const struct slot_facts *facts)
{
	for (size_t i = 0; facts->valid && i < ARRAY_SIZE(rows); i++) {
		if (row_fits(&rows[i], nv, writable, facts))
			return rows[i].reason;
	}
	return REASON_NONE;
}

/* Strictly newer: equal ones keep slot A first. */
static bool newer(const struct slot_facts *x, const struct slot_facts *y)
{
	if (x->svn != y->svn)
		return x->svn > y->svn;
	return x->created > y->created;
}

u32 boot_order(enum nv_status nv, bool writable, const struct slot_facts facts[SLOTS], struct boot_choice out[SLOTS])
{
	u32 count = 0;

	for (u8 i = 0; i < SLOTS; i++) {
		enum boot_reason reason = slot_reason(nv, writable, &facts[i]);

		if (reason != REASON_NONE)
			out[count++] = (struct boot_choice){ .slot = i, .reason = reason };
	}
	if (count == SLOTS) {
		struct boot_choice a = out[0];
		struct boot_choice b = out[1];

		if (b.reason < a.reason || (b.reason == a.reason && newer(&facts[b.slot], &facts[a.slot]))) {
			out[0] = b;
			out[1] = a;
		}
	}
	return count;
}

const char *boot_reason_text(enum boot_reason r)
{
	static const char *const text[REASON_END] = {
		[REASON_NONE] = "none",
		[REASON_TRIAL] = "trial",
		[REASON_UNCONFIRMED] = "unconfirmed",
		[REASON_GOOD] = "good",
		[REASON_UNPROVISIONED] = "unprovisioned",
		[REASON_STATE_LOST] = "state lost",
		[REASON_UNSTAGED] = "unstaged",
		[REASON_LAST_RESORT] = "last resort",
	};

	return (u32)r < REASON_END ? text[r] : "unknown";
}
