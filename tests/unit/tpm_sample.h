/* TPM commands put together byte by byte, for tests of what judges them. */
#ifndef SIGNET_TESTS_UNIT_TPM_SAMPLE_H
#define SIGNET_TESTS_UNIT_TPM_SAMPLE_H

#include "lib/bytes.h"
#include "lib/tpm/marshal.h"
#include "lib/tpm/types.h"

enum { SAMPLE_ROOM = 8192 };

struct sample {
	u8 bytes[SAMPLE_ROOM];
	struct writer w;
};

static inline void sample_begin(struct sample *s, u16 tag, u32 code)
{
	s->w = writer_on(s->bytes, sizeof(s->bytes));
	write_be16(&s->w, tag);
	write_be32(&s->w, 0);
	write_be32(&s->w, code);
}

static inline void sample_handle(struct sample *s, u32 handle)
{
	write_be32(&s->w, handle);
}

/* One entry of an authorization area. */
static inline void sample_session(struct sample *s, u32 handle, u8 attributes)
{
	write_be32(&s->w, handle);
	write_be16(&s->w, 0);
	write_u8(&s->w, attributes);
	write_be16(&s->w, 0);
}

/* Password authorizations, with an empty value each. */
static inline void sample_passwords(struct sample *s, u32 count)
{
	write_be32(&s->w, 9 * count);
	while (count--)
		sample_session(s, TPM_RS_PW, TPMA_SESSION_CONTINUESESSION);
}

/* Sized bytes, n of them. */
static inline void sample_sized(struct sample *s, u16 n)
{
	write_be16(&s->w, n);
	write_zero(&s->w, n);
}

/* Fills the size in and gives it. */
static inline size_t sample_end(struct sample *s)
{
	store_be32(s->bytes + 2, (u32)s->w.used);
	return s->w.used;
}

/* A response without parameters but a handle, where there is one. */
static inline size_t sample_response(u8 out[14], u32 code, u32 handle)
{
	u32 size = handle ? 14 : 10;

	store_be16(out, TPM_ST_NO_SESSIONS);
	store_be32(out + 2, size);
	store_be32(out + 6, code);
	store_be32(out + 10, handle);
	return size;
}

#endif
