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

static bool same(const struct baseline_event *a, const struct baseline_event *b)
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
		if (e == ERR_RANGE || !expected || !same(expected, &w.event)) {
			differ(first, w.index, expected, e == OK ? &w.event : NULL);
			return false;
		}
		at++;
	}
}
