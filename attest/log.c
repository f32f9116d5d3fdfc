/*
 * The TCG crypto-agile event log: strict, bounded reading.
 * Trust: handles outside bytes; pure.
 */
#include "attest/log.h"

#include "attest/log_layout.h"
#include "lib/tpm/marshal.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(LOG_SPEC_SIGNATURE) == LOG_SIGNATURE_SIZE, "the terminator belongs to it");

static enum err malformed(struct log_reader *r)
{
	r->bytes.failed = true;
	r->bytes.left = 0;
	return ERR_BOOT_LOG;
}

static bool format_add(struct log_format *f, u16 alg, u16 size)
{
	u16 known = tpm_hash_size(alg);
	if (size == 0 || size > TPM_DIGEST_MAX || (known && known != size))
		return false;
	for (u32 i = 0; i < f->count; i++)
		if (f->alg[i] == alg)
			return false;
	f->alg[f->count] = alg;
	f->size[f->count] = size;
	f->count++;
	return true;
}

static bool read_algorithms(struct reader *spec, struct log_format *f)
{
	u32 count = read_le32(spec);
	if (count == 0 || count > TPM_BANKS_MAX)
		return false;
	for (u32 i = 0; i < count; i++) {
		u16 alg = read_le16(spec);
		u16 size = read_le16(spec);
		if (spec->failed || !format_add(f, alg, size))
			return false;
	}
	return true;
}

static bool read_spec(struct reader *spec, struct log_format *f)
{
	const u8 *found = read_bytes(spec, LOG_SIGNATURE_SIZE);
	if (!found || memcmp(found, LOG_SPEC_SIGNATURE, LOG_SIGNATURE_SIZE) != 0)
		return false;
	/* Platform class, errata and size of UINTN say nothing about the layout. */
	read_le32(spec);
	u8 minor = read_u8(spec);
	u8 major = read_u8(spec);
	read_u8(spec);
	read_u8(spec);
	if (major != LOG_SPEC_MAJOR || minor != LOG_SPEC_MINOR || !read_algorithms(spec, f))
		return false;
	u8 vendor = read_u8(spec);
	read_bytes(spec, vendor);
	return reader_done(spec);
}

enum err log_open(struct log_reader *r, const u8 *log, size_t n)
{
	*r = (struct log_reader){ .bytes = reader_on(log, n) };
	/* The header is a record of the older format, so that old parsers can step over it. */
	u32 pcr = read_le32(&r->bytes);
	u32 type = read_le32(&r->bytes);
	read_zero(&r->bytes, LOG_SHA1_SIZE);
	u32 length = read_le32(&r->bytes);
	const u8 *data = read_bytes(&r->bytes, length);
	if (!data || pcr != 0 || type != EV_NO_ACTION)
		return malformed(r);
	struct reader spec = reader_on(data, length);
	return read_spec(&spec, &r->format) ? OK : malformed(r);
}

bool log_at_end(const struct log_reader *r)
{
	return reader_done(&r->bytes);
}

/* One digest of each algorithm, in any order: a repeated one would leave another's place empty. */
static bool read_digests(struct reader *bytes, const struct log_format *f, struct log_event *e)
{
	if (read_le32(bytes) != f->count)
		return false;
	for (u32 i = 0; i < f->count; i++) {
		u16 alg = read_le16(bytes);
		u32 at = 0;
		while (at < f->count && f->alg[at] != alg)
			at++;
		if (at == f->count || e->digest[at])
			return false;
		e->digest[at] = read_bytes(bytes, f->size[at]);
		if (!e->digest[at])
			return false;
	}
	return true;
}

enum err log_read_event(struct reader *bytes, const struct log_format *format, struct log_event *out)
{
	struct log_event e = { .pcr = read_le32(bytes), .type = read_le32(bytes) };
	bool place = e.pcr < TPM_PCRS || (e.pcr == LOG_NO_PCR && e.type == EV_NO_ACTION);
	if (bytes->failed || !place || !read_digests(bytes, format, &e))
		return ERR_BOOT_LOG;
	e.length = read_le32(bytes);
	e.data = read_bytes(bytes, e.length);
	if (!e.data)
		return ERR_BOOT_LOG;
	*out = e;
	return OK;
}

enum err log_next(struct log_reader *r, struct log_event *out)
{
	if (log_read_event(&r->bytes, &r->format, out) != OK)
		return malformed(r);
	return OK;
}

bool log_has_bank(const struct log_format *format, u16 alg)
{
	for (u32 i = 0; i < format->count; i++)
		if (format->alg[i] == alg)
			return true;
	return false;
}

const u8 *log_digest(const struct log_format *format, const struct log_event *e, u16 alg, u16 *size)
{
	for (u32 i = 0; i < format->count; i++) {
		if (format->alg[i] != alg)
			continue;
		*size = format->size[i];
		return e->digest[i];
	}
	*size = 0;
	return NULL;
}

enum err log_measure(const u8 *log, size_t bound, size_t last, size_t *length)
{
	struct log_reader r;
	struct log_event e;
	enum err err = log_open(&r, log, bound);
	size_t begins = 0;
	/* Each round reads at least the fixed fields, so this ends; an event may not straddle the place told. */
	while (err == OK && begins < last) {
		begins = bound - r.bytes.left;
		if (begins <= last)
			err = log_next(&r, &e);
	}
	if (err == OK && begins != last)
		return ERR_BOOT_LOG;
	*length = bound - r.bytes.left;
	return err;
}
