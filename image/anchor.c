/*
 * The anchor's bytes, read and written.
 * Trust: in the TCB; pure.
 */
#include "image/anchor.h"

#include "image/text.h"
#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

static_assert(ANCHOR_FIXED_SIZE + KEYS_BODY_MAX <= ANCHOR_SIZE, "any key manifest fits into the anchor");

enum { SERIAL_CLOCK = 115200, SERIAL_PORT_MAX = 0xFFF8 /* eight registers */ };

/* The speed ends up as a divisor of the UART's clock. */
static bool serial_fits(const struct anchor *a)
{
	if (a->serial_port == 0)
		return a->serial_baud == 0;
	return a->serial_port <= SERIAL_PORT_MAX && a->serial_baud != 0 && SERIAL_CLOCK % a->serial_baud == 0;
}

static bool fields_fit(const struct anchor *a)
{
	return (a->flags & ~(u32)IMAGE_FLAGS_KNOWN) == 0 && serial_fits(a);
}

enum err anchor_parse(const u8 bytes[ANCHOR_SIZE], struct anchor *out)
{
	struct reader r = reader_on(bytes, ANCHOR_SIZE);
	const u8 *magic = read_bytes(&r, MAGIC_SIZE);
	if (!magic || memcmp(magic, ANCHOR_MAGIC, MAGIC_SIZE) != 0 || read_le32(&r) != ANCHOR_VERSION)
		return ERR_BOOT_ANCHOR;

	memset(out, 0, sizeof(*out));
	out->flags = read_le32(&r);
	out->serial_port = read_le32(&r);
	out->serial_baud = read_le32(&r);
	u32 body_length = read_le32(&r);
	read_zero(&r, 4);
	text_read(&r, out->hardware_class);
	const u8 *body = read_bytes(&r, body_length);
	read_zero(&r, r.left);
	if (!body || !reader_done(&r) || !fields_fit(out) || key_set_parse(body, body_length, &out->keys) != OK)
		return ERR_BOOT_ANCHOR;
	sha384_of(bytes, ANCHOR_SIZE, out->digest);
	return OK;
}

enum err anchor_encode(const struct anchor *a, const u8 *body, size_t n, u8 out[ANCHOR_SIZE])
{
	if (n > KEYS_BODY_MAX || !fields_fit(a))
		return ERR_RANGE;

	struct writer w = writer_on(out, ANCHOR_SIZE);
	write_bytes(&w, (const u8 *)ANCHOR_MAGIC, MAGIC_SIZE);
	write_le32(&w, ANCHOR_VERSION);
	write_le32(&w, a->flags);
	write_le32(&w, a->serial_port);
	write_le32(&w, a->serial_baud);
	write_le32(&w, (u32)n);
	write_zero(&w, 4);
	text_write(&w, a->hardware_class);
	write_bytes(&w, body, n);
	write_zero(&w, w.room - w.used);
	return OK;
}
