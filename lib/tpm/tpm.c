/*
 * Command framing of TPM 2.0 (TCG Part 1, section 18): headers, authorization areas, strict checks of every response.
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/tpm.h"

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"

#include <string.h>

enum {
	/* Linux, too, gives a TPM that asks for patience two seconds (TPM2_DURATION_LONG). */
	RETRIES = 100,
	RETRY_PAUSE_MS = 20,
	/* Session, nonce without a byte, attributes, size of the value. */
	AUTH_SIZE_LEAST = 4 + 2 + 1 + 2,
};

void tpm_init(struct tpm *tpm, struct tpm_transport transport)
{
	memset(tpm, 0, sizeof(*tpm));
	tpm->transport = transport;
}

u32 tpm_rc_base(u32 response_code)
{
	const u32 format_one = BIT(7), error_number = 0x3F;
	return (response_code & format_one) ? response_code & (format_one | error_number) : response_code;
}

bool tpm_refused_with(const struct tpm *tpm, enum err e, u32 rc_base)
{
	return e == ERR_TPM_REFUSED && tpm_rc_base(tpm->response_code) == rc_base;
}

static void write_header(struct writer *w, u32 auths, u32 size, u32 code)
{
	write_be16(w, auths ? TPM_ST_SESSIONS : TPM_ST_NO_SESSIONS);
	write_be32(w, size);
	write_be32(w, code);
}

struct tpm_command tpm_command_begin(struct tpm *tpm, u32 code)
{
	struct tpm_command c = { .tpm = tpm, .w = writer_on(tpm->command, sizeof(tpm->command)), .auths = 0 };
	tpm->command_code = code;
	tpm->response_code = 0;
	/* Tag and size follow when they are known. */
	write_header(&c.w, 0, 0, code);
	return c;
}

void tpm_command_authorize(struct tpm_command *c, u32 session, const struct tpm_auth_value *value)
{
	u32 size = value ? value->size : 0;
	write_be32(&c->w, AUTH_SIZE_LEAST + size);
	write_be32(&c->w, session);
	write_be16(&c->w, 0); /* nonce: only HMAC sessions have one */
	write_u8(&c->w, TPMA_SESSION_CONTINUESESSION);
	write_tpm2b(&c->w, size ? value->bytes : NULL, size);
	c->auths = 1;
}

/* The TPM could not do it just now and has changed nothing. */
static bool asks_for_repetition(u32 response_code)
{
	static const u32 again[] = { TPM_RC_RETRY, TPM_RC_YIELDED, TPM_RC_TESTING, TPM_RC_NV_RATE,
		TPM_RC_NV_UNAVAILABLE };
	for (size_t i = 0; i < ARRAY_SIZE(again); i++)
		if (response_code == again[i])
			return true;
	return false;
}

/* Checks a response's header: on success the reader stands behind it. */
static enum err open_response(struct tpm *tpm, size_t length, u32 auths, struct reader *r)
{
	if (length < TPM_HEADER_SIZE || length > sizeof(tpm->response))
		return ERR_TPM_RESPONSE;
	/* A bus without a TPM on it reads as ones or zeros; neither is an answer. */
	if (bytes_are_ones(tpm->response, length) || bytes_are_zero(tpm->response, length))
		return ERR_TPM_ABSENT;
	*r = reader_on(tpm->response, length);
	u16 tag = read_be16(r);
	u32 size = read_be32(r);
	tpm->response_code = read_be32(r);
	if (size != length)
		return ERR_TPM_RESPONSE;
	if (tpm->response_code != TPM_RC_SUCCESS)
		return tag == TPM_ST_NO_SESSIONS && r->left == 0 ? ERR_TPM_REFUSED : ERR_TPM_RESPONSE;
	return tag == (auths ? TPM_ST_SESSIONS : TPM_ST_NO_SESSIONS) ? OK : ERR_TPM_RESPONSE;
}

static enum err exchange(struct tpm_command *c)
{
	struct tpm *tpm = c->tpm;
	const struct tpm_transport *t = &tpm->transport;
	for (u32 i = 0;; i++) {
		size_t length = 0;
		enum err e =
		        t->submit(t->context, tpm->command, c->w.used, tpm->response, sizeof(tpm->response), &length);
		if (!e)
			e = open_response(tpm, length, c->auths, &c->r);
		if (e != ERR_TPM_REFUSED || !asks_for_repetition(tpm->response_code) || i == RETRIES)
			return e;
		if (t->pause)
			t->pause(t->context, RETRY_PAUSE_MS);
	}
}

/* The response's authorization area: one acknowledgement a session, none with an HMAC, then the end. */
static void read_auths(struct reader *r, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		size_t nonce_size = 0, hmac_size = 0;
		(void)read_tpm2b(r, TPM_DIGEST_MAX, &nonce_size);
		(void)read_u8(r);
		(void)read_tpm2b(r, 0, &hmac_size);
	}
}

/* From the whole response to its parameters. */
static void split_response(struct tpm_command *c, u32 *handle)
{
	if (handle)
		*handle = read_be32(&c->r);
	if (!c->auths)
		return;
	u32 size = read_be32(&c->r);
	const u8 *start = read_bytes(&c->r, size);
	read_auths(&c->r, c->auths);
	if (reader_done(&c->r))
		c->r = reader_on(start, size);
	else
		c->r.failed = true;
}

void tpm_command_run(struct tpm_command *c, u32 *handle)
{
	struct writer header = writer_on(c->w.start, TPM_HEADER_SIZE);

	write_header(&header, c->auths, (u32)c->w.used, c->tpm->command_code);
	c->error = c->w.failed ? ERR_RANGE : exchange(c);
	/* It may have held an authorization value. */
	memset(c->w.start, 0, c->w.used);
	if (c->error)
		c->r = (struct reader){ .failed = true };
	split_response(c, handle);
}

enum err tpm_command_end(const struct tpm_command *c)
{
	if (c->error)
		return c->error;
	return reader_done(&c->r) ? OK : ERR_TPM_RESPONSE;
}

enum err tpm_command_run_plain(struct tpm_command *c)
{
	tpm_command_run(c, NULL);
	return tpm_command_end(c);
}
