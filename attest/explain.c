/*
 * Explanations.
 * Trust: pure; decides nothing.
 */
#include "attest/explain.h"

#include "lib/print.h"

#include <stdlib.h>
#include <string.h>

/* What an event in one of firmware's PCRs stands for, and what changes it. */
static const char *const pcr_advice[8] = {
	"PCR 0 holds the firmware's code: was the firmware updated? If that was you, look at the difference and "
	"approve it.",
	"PCR 1 holds firmware settings and what hardware it found: was a setting, a processor or memory changed?",
	"PCR 2 holds code of plug-in cards: was a card added, removed or updated?",
	"PCR 3 holds settings of plug-in cards: was a card added, removed or updated?",
	"PCR 4 holds what firmware started: another boot loader, another flash key, or a new boot chain of Signet?",
	"PCR 5 holds the partition table and the boot loader's settings: was the flash key made anew?",
	"PCR 6 is the machine maker's own: ask what his firmware measures there.",
	"PCR 7 holds Secure Boot's state and keys: was a key or the revocation list changed? "
	"Then the node needs a new write authority too.",
};

/* True when e was found; the log is walked from its beginning, as it may not be trusted to be what it was. */
static bool find_index(const struct bytes_view *log, u32 index, struct log_event *e)
{
	struct log_reader r;

	if (log_open(&r, log->bytes, log->n) != OK)
		return false;
	for (u32 at = 0; !log_at_end(&r); at++) {
		if (log_next(&r, e) != OK)
			return false;
		if (at == index)
			return true;
	}
	return false;
}

static bool find_digest(const struct bytes_view *log, u32 pcr, const u8 digest[SHA256_SIZE], struct log_event *e)
{
	struct log_reader r;
	u16 size;

	if (log_open(&r, log->bytes, log->n) != OK)
		return false;
	while (!log_at_end(&r)) {
		if (log_next(&r, e) != OK)
			return false;
		const u8 *found = log_digest(&r.format, e, TPM_ALG_SHA256, &size);
		if (e->pcr == pcr && found && memcmp(found, digest, SHA256_SIZE) == 0)
			return true;
	}
	return false;
}

static void tell_event(const struct log_event *e, const u8 digest[SHA256_SIZE], char *to, size_t room)
{
	struct event_words words;
	char hex[2 * SHA256_SIZE + 1];

	event_words(e, &words);
	hex_encode(hex, digest, SHA256_SIZE);
	(void)format(to, room, "%s%s%s (sha256 %s)", words.type, words.what[0] ? ": " : "", words.what, hex);
}

static void tell_digest(const u8 digest[SHA256_SIZE], char *to, size_t room)
{
	char hex[2 * SHA256_SIZE + 1];

	hex_encode(hex, digest, SHA256_SIZE);
	if (bytes_are_zero(digest, SHA256_SIZE))
		(void)format(to, room, "no event");
	else
		(void)format(to, room, "sha256 %s", hex);
}

static void tell_expected(const struct difference *d, const struct bytes_view *approved, char *to, size_t room)
{
	struct log_event e;

	if (approved && !bytes_are_zero(d->expected, SHA256_SIZE) && find_digest(approved, d->pcr, d->expected, &e))
		tell_event(&e, d->expected, to, room);
	else
		tell_digest(d->expected, to, room);
}

static void tell_found(const struct difference *d, const struct bytes_view *log, char *to, size_t room)
{
	struct log_event e;

	if (!bytes_are_zero(d->found, SHA256_SIZE) && find_index(log, d->index, &e))
		tell_event(&e, d->found, to, room);
	else
		tell_digest(d->found, to, room);
}

static void tell_values(const struct difference *d, struct explanation *out)
{
	char expected[2 * SHA256_SIZE + 1];
	char found[2 * SHA256_SIZE + 1];

	hex_encode(expected, d->expected, SHA256_SIZE);
	hex_encode(found, d->found, SHA256_SIZE);
	(void)format(out->expected, sizeof(out->expected), "PCR %u as the TPM quotes it: %s", d->pcr, expected);
	(void)format(out->found, sizeof(out->found), "PCR %u as the log leads to it: %s", d->pcr, found);
}

/* There is no log to compare with: the value by itself is wrong. */
static void tell_void(const struct difference *d, struct explanation *out)
{
	const char *value = bytes_are_ones(d->found, SHA256_SIZE) ? "all ones, where no measurement leads"
	                                                          : "all zeros, nothing was measured into it";

	(void)format(out->expected, sizeof(out->expected), "PCR %u with this boot's measurements", d->pcr);
	(void)format(out->found, sizeof(out->found), "PCR %u as the TPM quotes it: %s", d->pcr, value);
}

void explain(const struct appraisal *a, const struct bytes_view *log, const struct bytes_view *approved,
        struct explanation *out)
{
	const struct difference *d = &a->difference;

	memset(out, 0, sizeof(*out));
	(void)format(out->advice, sizeof(out->advice), "%s.", verdict_advice(a->verdict));
	if (!d->known)
		return;
	if (a->verdict == VERDICT_LOG_REPLAY) {
		tell_values(d, out);
		return;
	}
	if (a->verdict == VERDICT_PCR_VOID) {
		tell_void(d, out);
		return;
	}
	tell_expected(d, approved, out->expected, sizeof(out->expected));
	tell_found(d, log, out->found, sizeof(out->found));
	if (a->verdict == VERDICT_BASELINE_DIFFERS && d->pcr < ARRAY_SIZE(pcr_advice))
		(void)format(out->advice, sizeof(out->advice), "%s", pcr_advice[d->pcr]);
}

/* Longest common subsequence: length[i][j] is that of the events from i and from j on. */
enum { LCS_WIDTH = BASELINE_EVENTS_MAX + 1 };

static void fill(const struct baseline *a, const struct baseline *b, u16 *length)
{
	for (u32 i = a->count; i-- > 0;) {
		u16 *row = length + (size_t)i * LCS_WIDTH;
		const u16 *below = row + LCS_WIDTH;
		for (u32 j = b->count; j-- > 0;) {
			u16 skip = below[j] > row[j + 1] ? below[j] : row[j + 1];
			row[j] = baseline_event_same(&a->events[i], &b->events[j]) ? (u16)(below[j + 1] + 1) : skip;
		}
	}
}

static struct change next_change(const struct baseline *a, const struct baseline *b, const u16 *length, u32 i, u32 j)
{
	const u16 *row = length + (size_t)i * LCS_WIDTH;

	if (i < a->count && j < b->count && baseline_event_same(&a->events[i], &b->events[j]))
		return (struct change){ CHANGE_SAME, i, j };
	if (j == b->count || (i < a->count && row[LCS_WIDTH + j] >= row[j + 1]))
		return (struct change){ CHANGE_GONE, i, j };
	return (struct change){ CHANGE_NEW, i, j };
}

enum err baseline_diff(
        const struct baseline *approved, const struct baseline *found, struct change out[CHANGES_MAX], u32 *count)
{
	u16 *length = calloc((size_t)LCS_WIDTH * LCS_WIDTH, sizeof(*length));
	u32 i = 0;
	u32 j = 0;

	*count = 0;
	if (!length)
		return ERR_NO_MEMORY;
	fill(approved, found, length);
	while (i < approved->count || j < found->count) {
		struct change c = next_change(approved, found, length, i, j);
		i += c.kind != CHANGE_NEW;
		j += c.kind != CHANGE_GONE;
		out[(*count)++] = c;
	}
	free(length);
	return OK;
}

enum err baseline_event_words(const struct bytes_view *log, u32 at, struct event_words *out)
{
	struct boot_variables variables = { false };
	struct log_reader r;
	struct log_event e;

	if (log_open(&r, log->bytes, log->n) != OK)
		return ERR_BOOT_LOG;
	for (u32 seen = 0; !log_at_end(&r);) {
		if (log_next(&r, &e) != OK)
			return ERR_BOOT_LOG;
		if (!baseline_counts(&variables, &r.format, &e) || seen++ != at)
			continue;
		event_words(&e, out);
		return OK;
	}
	return ERR_RANGE;
}
