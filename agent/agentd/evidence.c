/* Gathering evidence. Trust: see the header. */
#include "agent/agentd/evidence.h"

#include "agent/agentd/parts.h"
#include "attest/quote.h"
#include "attest/replay.h"
#include "image/host/image_file.h"
#include "lib/print.h"

#include <string.h>
#include <time.h>

enum { TRIES = 10, PAUSE_MS = 100 };

/* All that one container is made of; the main thread's alone. */
static struct {
	u8 claim[CLAIM_SIZE];
	struct tss_statement quote, nv[EVIDENCE_NV_COUNT];
	u8 pcrs[EVIDENCE_PCR_COUNT * SHA256_SIZE];
	struct image_file image;
	u8 log[EVIDENCE_LOG_MAX];
	size_t log_size;
} g;

static struct signed_view view_of(const struct tss_statement *s)
{
	return (struct signed_view){ { s->attest.bytes, s->attest.n }, s->signature };
}

/* The log as it stands leads to the values. */
static bool log_fits(void)
{
	static const u8 pcr[EVIDENCE_PCR_COUNT] = { 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14 };
	static struct replay replay;
	struct log_reader reader;

	if (log_open(&reader, g.log, g.log_size))
		return false;
	replay_init(&replay, &reader.format);
	if (replay_log(&replay, g.log, g.log_size))
		return false;
	for (u32 i = 0; i < EVIDENCE_PCR_COUNT; i++)
		if (memcmp(replay.bank[REPLAY_SHA256].pcr[pcr[i]], g.pcrs + i * SHA256_SIZE, SHA256_SIZE) != 0)
			return false;
	return true;
}

static bool quote_fits(void)
{
	struct bytes_view attest = { g.quote.attest.bytes, g.quote.attest.n }, pcrs = { g.pcrs, sizeof(g.pcrs) };
	struct attested about;

	return attested_read(&attest, TPM_ST_ATTEST_QUOTE, &about) == VERDICT_GOOD &&
	        quote_covers(&about.quote, &pcrs) == VERDICT_GOOD;
}

static enum err quote_once(struct agent *a, struct tss *t, const u8 qualifying[SHA256_SIZE])
{
	enum err e = tss_quote(t, qualifying, &g.quote);

	if (!e)
		e = tss_pcrs(t, g.pcrs);
	if (!e)
		e = node_read_all(&a->node, CONTROL_LOG, g.log, sizeof(g.log), &g.log_size);
	return e;
}

/*
 * The hypervisor may extend a PCR at any moment: quote, values and log are taken again until they are of one moment. A
 * log that never fits is shown as it is; the verifier names the event.
 */
static enum err quote(struct agent *a, struct tss *t, const u8 qualifying[SHA256_SIZE])
{
	enum err e = OK;

	for (u32 i = 0; i < TRIES; i++) {
		e = quote_once(a, t, qualifying);
		if (e || (quote_fits() && log_fits()))
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
	}
	return e;
}

static enum err sign_all(struct agent *a, const u8 qualifying[SHA256_SIZE], char why[TSS_WHY_SIZE])
{
	struct tss t;
	enum err e = tss_open(&t, a->options.tcti);

	if (!e)
		e = quote(a, &t, qualifying);
	for (u32 i = 0; i < EVIDENCE_NV_COUNT && !e; i++)
		e = tss_certify(&t, (enum nv_index)i, qualifying, &g.nv[i]);
	tss_close(&t);
	if (e && t.why[0])
		(void)format(why, TSS_WHY_SIZE, "%s", t.why);
	return e;
}

static enum err read_head(struct agent *a, u32 slot, char why[TSS_WHY_SIZE])
{
	char path[PATH_MAX];
	enum partition_index part = slot ? PARTITION_SLOT_B : PARTITION_SLOT_A;
	enum err e = part_find(a->options.parts, part, path);
	int fd = -1;
	u64 length = 0;

	if (!e)
		e = file_open(path, &fd, &length);
	if (!e)
		e = image_file_at(fd, 0, length, &g.image);
	file_close(fd);
	if (e)
		(void)format(why, TSS_WHY_SIZE, "image in %s: %s", partition_names[part], err_text(e));
	return e;
}

static enum err build(struct agent *a, u8 *out, size_t *n)
{
	struct evidence ev = { .claim = { g.claim, CLAIM_SIZE },
		.ak = { a->ak.bytes, a->ak.n },
		.quote = view_of(&g.quote),
		.pcrs = { g.pcrs, sizeof(g.pcrs) },
		.head = { g.image.head, g.image.layout.payload_offset },
		.log = { g.log, g.log_size } };

	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		ev.nv[i] = view_of(&g.nv[i]);
	return evidence_build(&ev, out, EVIDENCE_SIZE_MAX, n);
}

enum err evidence_gather(
        struct agent *a, const struct claim *claim, u32 slot, u8 *out, size_t *n, char why[TSS_WHY_SIZE])
{
	u8 qualifying[SHA256_SIZE];

	why[0] = '\0';
	claim_encode(claim, g.claim);
	claim_qualifying(g.claim, qualifying);
	enum err e = read_head(a, slot, why);
	if (!e)
		e = sign_all(a, qualifying, why);
	if (!e)
		e = build(a, out, n);
	if (e && !why[0])
		(void)format(why, TSS_WHY_SIZE, "%s", err_text(e));
	return e;
}
