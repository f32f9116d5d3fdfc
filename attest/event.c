/*
 * Signet's own event records (docs/measurements.md).
 * Trust: in the TCB; pure. Decoding is strict: one encoding per meaning.
 */
#include "attest/event.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum { MAGIC_SIZE = 8, TAG_HEADER_SIZE = 8, HEAD_SIZE = MAGIC_SIZE + 4 + 4 + SHA384_SIZE + 2 * 8 };

static_assert(HEAD_SIZE + EVENT_TEXT_SIZE == EVENT_RECORD_SIZE, "record layout");
static_assert(TAG_HEADER_SIZE + EVENT_RECORD_SIZE == EVENT_TAGGED_SIZE, "tagged layout");

static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'E', '1' };

static const enum event_kind known_kinds[] = {
	EVENT_STAGE,
	EVENT_KEYS,
	EVENT_MANIFEST,
	EVENT_COMPONENT,
	EVENT_SEPARATOR,
	EVENT_SLOT,
	EVENT_NV_STATE,
	EVENT_FIRMWARE,
	EVENT_SESSION,
	EVENT_GATE,
	EVENT_DMA,
	EVENT_BUILD,
	EVENT_SERVICE,
	EVENT_PROVISIONED,
	EVENT_TICKET,
	EVENT_LEASE,
	EVENT_GUEST,
};

static bool find_kind(u32 number, enum event_kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_kinds); i++) {
		if (number != (u32)known_kinds[i])
			continue;
		*kind = known_kinds[i];
		return true;
	}
	return false;
}

static bool printable(char c)
{
	return c >= ' ' && c <= '~';
}

void event_init(struct event *e, enum event_kind kind, const char *text)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	for (size_t i = 0; i < EVENT_TEXT_SIZE - 1 && text[i]; i++)
		e->text[i] = text[i];
	for (size_t i = 0; e->text[i]; i++)
		if (!printable(e->text[i]))
			e->text[i] = '?';
}

void event_encode(const struct event *e, u8 out[EVENT_TAGGED_SIZE])
{
	struct writer w = writer_on(out, EVENT_TAGGED_SIZE);
	write_le32(&w, EVENT_TAG);
	write_le32(&w, EVENT_RECORD_SIZE);
	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, (u32)e->kind);
	write_le32(&w, EVENT_RECORD_SIZE);
	write_bytes(&w, e->digest, sizeof(e->digest));
	write_le64(&w, e->value[0]);
	write_le64(&w, e->value[1]);
	write_bytes(&w, (const u8 *)e->text, EVENT_TEXT_SIZE);
}

/* The verifier shows this text to people: no control character may reach their terminal. */
static bool text_is_proper(const char text[EVENT_TEXT_SIZE])
{
	size_t n = strnlen(text, EVENT_TEXT_SIZE);
	if (n == EVENT_TEXT_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!printable(text[i]))
			return false;
	return bytes_are_zero((const u8 *)text + n, EVENT_TEXT_SIZE - n);
}

enum err event_decode(const u8 *bytes, size_t n, struct event *out)
{
	struct reader r = reader_on(bytes, n);
	struct event e = { 0 };
	u8 found[MAGIC_SIZE];
	u32 tag = read_le32(&r);
	u32 tagged_length = read_le32(&r);
	read_copy(&r, found, sizeof(found));
	u32 kind = read_le32(&r);
	u32 length = read_le32(&r);
	read_copy(&r, e.digest, sizeof(e.digest));
	e.value[0] = read_le64(&r);
	e.value[1] = read_le64(&r);
	read_copy(&r, (u8 *)e.text, EVENT_TEXT_SIZE);
	if (!reader_done(&r) || tag != EVENT_TAG || tagged_length != EVENT_RECORD_SIZE || length != EVENT_RECORD_SIZE)
		return ERR_BOOT_LOG;
	if (memcmp(found, magic, sizeof(magic)) != 0 || !find_kind(kind, &e.kind) || !text_is_proper(e.text))
		return ERR_BOOT_LOG;
	*out = e;
	return OK;
}
