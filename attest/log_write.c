/*
 * Writing and continuing the TCG crypto-agile event log.
 * Trust: in the TCB; what firmware left is outside bytes. Pure.
 */
#include "attest/log_write.h"

#include "attest/log_layout.h"
#include "lib/tpm/marshal.h"

/* EFI_TCG2_FINAL_EVENTS_TABLE, TCG EFI Protocol Specification, section 7. */
enum { FINAL_VERSION = 1 };

enum { SPEC_FIXED_SIZE = LOG_SIGNATURE_SIZE + 4 + 4 + 4, SPEC_ALGORITHM_SIZE = 4, SPEC_ERRATA = 106, UINTN_64 = 2 };

/* A log that ends in the middle of a record is worth nothing: what was there before stays whole. */
static enum err take_back(struct log *l, size_t used, enum err e)
{
	l->bytes.used = used;
	l->bytes.failed = false;
	return e;
}

static enum err format_of(struct log_format *f, const struct tpm_banks *banks)
{
	*f = (struct log_format){ .count = banks->count };
	if (banks->count == 0 || banks->count > TPM_BANKS_MAX)
		return ERR_TPM_BANK;
	for (u32 i = 0; i < banks->count; i++) {
		f->alg[i] = banks->alg[i];
		f->size[i] = tpm_hash_size(banks->alg[i]);
		if (!f->size[i])
			return ERR_TPM_BANK;
	}
	return OK;
}

/* TCG_EfiSpecIDEvent in a record of the older format; platform class 0, no vendor bytes. */
static void write_header(struct writer *w, const struct log_format *f)
{
	write_le32(w, 0);
	write_le32(w, EV_NO_ACTION);
	write_zero(w, LOG_SHA1_SIZE);
	write_le32(w, SPEC_FIXED_SIZE + SPEC_ALGORITHM_SIZE * f->count + 1);
	write_bytes(w, (const u8 *)LOG_SPEC_SIGNATURE, LOG_SIGNATURE_SIZE);
	write_le32(w, 0);
	write_u8(w, LOG_SPEC_MINOR);
	write_u8(w, LOG_SPEC_MAJOR);
	write_u8(w, SPEC_ERRATA);
	write_u8(w, UINTN_64);
	write_le32(w, f->count);
	for (u32 i = 0; i < f->count; i++) {
		write_le16(w, f->alg[i]);
		write_le16(w, f->size[i]);
	}
	write_u8(w, 0);
}

enum err log_create(struct log *l, u8 *buffer, size_t room, const struct tpm_banks *banks)
{
	*l = (struct log){ .bytes = writer_on(buffer, room) };
	enum err e = format_of(&l->format, banks);
	if (e)
		return e;
	write_header(&l->bytes, &l->format);
	return l->bytes.failed ? take_back(l, 0, ERR_NO_MEMORY) : OK;
}

enum err log_resume(struct log *l, u8 *buffer, size_t n, size_t room)
{
	if (n > room)
		return ERR_RANGE;
	struct log_reader r;
	struct log_event event;
	enum err e = log_open(&r, buffer, n);
	while (!e && !log_at_end(&r))
		e = log_next(&r, &event);
	if (e)
		return e;
	*l = (struct log){ .bytes = writer_on(buffer, room), .format = r.format };
	l->bytes.used = n;
	return OK;
}

static const struct tpm_bank_digest *digest_for(const struct tpm_digests *digests, u16 alg, u16 size)
{
	for (u32 i = 0; i < digests->count && i < TPM_BANKS_MAX; i++)
		if (digests->bank[i].alg == alg && digests->bank[i].size == size)
			return &digests->bank[i];
	return NULL;
}

/* False when they are not exactly the log's: as many, and each of the log's distinct ones. */
static bool write_digests(struct writer *w, const struct log_format *f, const struct tpm_digests *digests)
{
	if (digests->count != f->count)
		return false;
	write_le32(w, f->count);
	for (u32 i = 0; i < f->count; i++) {
		const struct tpm_bank_digest *d = digest_for(digests, f->alg[i], f->size[i]);
		if (!d)
			return false;
		write_le16(w, f->alg[i]);
		write_bytes(w, d->digest, f->size[i]);
	}
	return true;
}

void log_keep_banks(const struct log_format *format, struct tpm_digests *digests)
{
	u32 kept = 0;

	for (u32 i = 0; i < digests->count; i++) {
		if (log_has_bank(format, digests->bank[i].alg))
			digests->bank[kept++] = digests->bank[i];
	}
	digests->count = kept;
}

enum err log_append(struct log *l, u32 pcr, u32 type, const struct tpm_digests *digests, const u8 *data, u32 length)
{
	if (pcr >= TPM_PCRS)
		return ERR_RANGE;
	size_t before = l->bytes.used;
	write_le32(&l->bytes, pcr);
	write_le32(&l->bytes, type);
	if (!write_digests(&l->bytes, &l->format, digests))
		return take_back(l, before, ERR_TPM_BANK);
	write_le32(&l->bytes, length);
	write_bytes(&l->bytes, data, length);
	return l->bytes.failed ? take_back(l, before, ERR_NO_MEMORY) : OK;
}

static enum err open_final(struct reader *r, u64 *count)
{
	u64 version = read_le64(r);
	*count = read_le64(r);
	return r->failed || version != FINAL_VERSION ? ERR_BOOT_LOG : OK;
}

enum err log_final_count(const u8 *table, size_t n, u64 *count)
{
	struct reader r = reader_on(table, n);
	return open_final(&r, count);
}

enum err log_append_final(struct log *l, const u8 *table, size_t n, u64 skip)
{
	struct reader r = reader_on(table, n);
	struct log_event event;
	size_t before = l->bytes.used;
	u64 count;
	enum err e = open_final(&r, &count);
	if (!e && skip > count)
		e = ERR_BOOT_LOG;
	/* An absurd count ends at the table's end: every event takes at least its fixed fields. */
	for (u64 i = 0; !e && i < count; i++) {
		const u8 *record = r.at;
		e = log_read_event(&r, &l->format, &event);
		if (!e && i >= skip)
			write_bytes(&l->bytes, record, (size_t)(r.at - record));
	}
	if (!e && l->bytes.failed)
		e = ERR_NO_MEMORY;
	return e ? take_back(l, before, e) : OK;
}
