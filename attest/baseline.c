/*
 * Firmware baselines.
 * Trust: decides for the verifier; pure. Digests alone are compared: an event's text is only as true as its digest.
 */
#include "attest/baseline.h"

#include <string.h>

/* Walks the events that count; index is that of the one just read. */
struct walk {
	struct log_reader reader;
	struct boot_variables seen;
	u32 next;
	u32 index;
	struct baseline_event event;
};

bool baseline_counts(struct boot_variables *seen, const struct log_format *format, const struct log_event *e)
{
	return e->type != EV_NO_ACTION && (BASELINE_PCRS & BIT(e->pcr)) && !boot_variable_take(seen, format, e);
}

/* ERR_RANGE: no more. */
static enum err walk_on(struct walk *w)
{
	while (!log_at_end(&w->reader)) {
		struct log_event e;
		u16 size;
		enum err failed = log_next(&w->reader, &e);
		if (failed)
			return failed;
		w->index = w->next++;
		const u8 *digest = log_digest(&w->reader.format, &e, TPM_ALG_SHA256, &size);
		if (!baseline_counts(&w->seen, &w->reader.format, &e))
			continue;
		if (!digest)
			return ERR_BOOT_LOG;
		w->event = (struct baseline_event){ .pcr = e.pcr, .type = e.type };
		memcpy(w->event.digest, digest, SHA256_SIZE);
		return OK;
	}
	w->index = w->next;
	return ERR_RANGE;
}

enum err baseline_of(const u8 *log, size_t n, struct baseline *out)
{
	struct walk w = { .next = 0 };

	out->number = 0;
	out->count = 0;
	enum err e = log_open(&w.reader, log, n);
	if (e)
		return e;
	while ((e = walk_on(&w)) == OK) {
		if (out->count == BASELINE_EVENTS_MAX)
			return ERR_RANGE;
		out->events[out->count++] = w.event;
	}
	return e == ERR_RANGE ? OK : e;
}

bool baseline_event_same(const struct baseline_event *a, const struct baseline_event *b)
{
	return a->pcr == b->pcr && a->type == b->type && memcmp(a->digest, b->digest, SHA256_SIZE) == 0;
}

static void differ(
        struct difference *d, u32 index, const struct baseline_event *expected, const struct baseline_event *found)
{
	*d = (struct difference){ .known = true, .index = index };
	if (expected) {
		d->pcr = expected->pcr;
		memcpy(d->expected, expected->digest, SHA256_SIZE);
	}
	if (found) {
		d->pcr = found->pcr;
		memcpy(d->found, found->digest, SHA256_SIZE);
	}
}

bool baseline_matches(const struct baseline *b, const u8 *log, size_t n, struct difference *first)
{
	struct walk w = { .next = 0 };
	u32 at = 0;

	memset(first, 0, sizeof(*first));
	if (log_open(&w.reader, log, n) != OK)
		return false;
	for (;;) {
		enum err e = walk_on(&w);
		const struct baseline_event *expected = at < b->count ? &b->events[at] : NULL;
		if (e == ERR_RANGE && !expected)
			return true;
		if (e != OK && e != ERR_RANGE)
			return false;
		if (e == ERR_RANGE || !expected || !baseline_event_same(expected, &w.event)) {
			differ(first, w.index, expected, e == OK ? &w.event : NULL);
			return false;
		}
		at++;
	}
}

bool baseline_same(const struct baseline *a, const struct baseline *b)
{
	bool same = a->count == b->count;

	for (u32 i = 0; same && i < a->count; i++)
		same = baseline_event_same(&a->events[i], &b->events[i]);
	return same;
}

/* How many events are missing or added: all but the longest common subsequence, of which two rows are enough here. */
static u32 distance(const struct baseline *a, const struct baseline *b)
{
	u16 rows[2][BASELINE_EVENTS_MAX + 1] = { 0 };

	for (u32 i = 0; i < a->count; i++) {
		const u16 *above = rows[i % 2];
		u16 *row = rows[(i + 1) % 2];
		for (u32 j = 0; j < b->count; j++) {
			u16 skip = above[j + 1] > row[j] ? above[j + 1] : row[j];
			row[j + 1] = baseline_event_same(&a->events[i], &b->events[j]) ? (u16)(above[j] + 1) : skip;
		}
	}
	return a->count + b->count - 2 * (u32)rows[a->count % 2][b->count];
}

/* Of a log that is no baseline, nothing is nearer than anything else. */
static const struct baseline *nearest(const struct baseline_set *set, const u8 *log, size_t n)
{
	const struct baseline *best = NULL;
	struct baseline found;
	u32 least = 0;

	if (baseline_of(log, n, &found) != OK)
		found.count = 0;
	for (size_t i = 0; i < set->count; i++) {
		u32 d = found.count ? distance(&set->list[i], &found) : 0;
		if (best && d > least)
			continue;
		best = &set->list[i];
		least = d;
	}
	return best;
}

const struct baseline *baseline_to_compare(
        const struct baseline_set *set, u64 matched, const u8 *log, size_t n, enum baseline_reason *reason)
{
	const struct baseline *last = NULL;
	struct difference ignored;

	for (size_t i = 0; i < set->count; i++) {
		const struct baseline *b = &set->list[i];
		*reason = BASELINE_ACCEPTS;
		if (baseline_matches(b, log, n, &ignored))
			return b;
		if (matched && b->number == matched)
			last = b;
	}
	*reason = last ? BASELINE_MATCHED_LAST : BASELINE_NEAREST;
	return last ? last : nearest(set, log, n);
}
