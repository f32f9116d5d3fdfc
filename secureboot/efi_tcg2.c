/*
 * The TPM through the firmware's driver, so that its event log stays the only one.
 * Trust: in the TCB; calls firmware. Log and table are outside bytes.
 */
#include "secureboot/efi_services.h"

#include "attest/log_write.h"
#include "lib/bytes.h"
#include "lib/tpm/bank.h"

#include <string.h>

enum {
	RESPONSE_HEADER = 10,
	/* Behind the beginning of the last event, which is one of ours. */
	LAST_EVENT_MAX = 4096,
	/* More than any firmware sets aside for its Final Events Table. */
	FINAL_TABLE_MAX = 65536,
	LOG_MAX = 16 << 20,
};

static const struct efi_guid tcg2_guid = { 0x607F766C, 0x7455, 0x42BE,
	{ 0x93, 0x0B, 0xE4, 0xD7, 0x6D, 0xB2, 0x72, 0x0F } };
static const struct efi_guid final_events_guid = { 0x1E2ED096, 0x30E2, 0x4254,
	{ 0xBD, 0x89, 0x86, 0x3B, 0xBE, 0xF8, 0x23, 0x25 } };

static struct efi_tcg2 *tcg2;
static u32 response_max;
static struct tpm_banks banks;
static const u8 *final_table;
static u64 final_skip;
static u8 *log_bytes;
static size_t log_length, log_room;

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	/* EDK II takes only less than the maximum that it tells. */
	u32 usable = room < response_max ? (u32)room : response_max - 1;
	efi_status status;

	(void)context;
	memset(response, 0, room);
	status = tcg2->submit(tcg2, (u32)n, command, usable, response);
	*length = load_be32(response + 2);
	/* What no TPM says, whatever firmware makes of it. */
	if (bytes_are_zero(response, RESPONSE_HEADER) || bytes_are_ones(response, RESPONSE_HEADER))
		return ERR_TPM_ABSENT;
	if (status != EFI_SUCCESS || *length < RESPONSE_HEADER || *length > usable)
		return ERR_TPM_RESPONSE;
	return OK;
}

static void pause(void *context, u32 milliseconds)
{
	(void)context;
	efi.boot->stall((u64)milliseconds * 1000);
}

enum err efi_tcg2_init(struct tpm *tpm)
{
	struct efi_tcg2_capability capability = { .size = sizeof(capability) };

	tcg2 = efi_find_protocol(&tcg2_guid);
	if (!tcg2 || tcg2->get_capability(tcg2, &capability) != EFI_SUCCESS || !capability.present)
		return ERR_TPM_ABSENT;
	response_max = capability.response_max;
	if (response_max <= RESPONSE_HEADER)
		return ERR_TPM_RESPONSE;
	if (!(capability.logs & EFI_TCG2_LOG_CRYPTO_AGILE))
		return ERR_BOOT_LOG;
	tpm_init(tpm, (struct tpm_transport){ .submit = submit, .pause = pause });
	return tpm_pcr_banks(tpm, &banks);
}

enum err efi_measure(u32 pcr, const struct event *event)
{
	u8 request[EFI_TCG2_EVENT_PREFIX + EVENT_TAGGED_SIZE];
	struct writer w = writer_on(request, sizeof(request));
	u8 *data = request + EFI_TCG2_EVENT_PREFIX;

	write_le32(&w, sizeof(request));
	write_le32(&w, EFI_TCG2_EVENT_HEADER);
	write_le16(&w, 1);
	write_le32(&w, pcr);
	write_le32(&w, EV_EVENT_TAG);
	event_encode(event, data);
	/* Anything else includes "extended, but the log is full": a log that lacks an event is worth nothing. */
	if (tcg2->hash_log_extend(tcg2, 0, (u64)data, EVENT_TAGGED_SIZE, request) != EFI_SUCCESS)
		return ERR_BOOT_MEASURE;
	return OK;
}

static enum err copy_log(const u8 *log, size_t length)
{
	enum err e;

	log_length = length;
	log_room = length + FINAL_TABLE_MAX;
	e = efi_allocate(0, log_room, PAGE_SIZE, &log_bytes);
	if (!e)
		memcpy(log_bytes, log, length);
	return e;
}

enum err efi_log_take(void)
{
	u64 log = 0, last = 0;
	u8 truncated = 0;
	size_t length;
	enum err e;

	final_table = efi_find_table(&final_events_guid);
	/* From this call on firmware also writes what it measures into the table. */
	if (!final_table ||
	        tcg2->get_event_log(tcg2, EFI_TCG2_LOG_CRYPTO_AGILE, &log, &last, &truncated) != EFI_SUCCESS)
		return ERR_BOOT_LOG;
	if (!log || truncated || last < log || last - log > LOG_MAX)
		return ERR_BOOT_LOG;
	e = log_final_count(final_table, FINAL_TABLE_MAX, &final_skip);
	if (!e)
		e = log_measure((const u8 *)log, last - log + LAST_EVENT_MAX, last - log, &length);
	if (!e)
		e = log_covers((const u8 *)log, length, &banks);
	return e ? e : copy_log((const u8 *)log, length);
}

enum err efi_log_finish(struct blob *out)
{
	struct log log;
	enum err e = log_resume(&log, log_bytes, log_length, log_room);

	if (!e)
		e = log_append_final(&log, final_table, FINAL_TABLE_MAX, final_skip);
	*out = (struct blob){ .bytes = log_bytes, .length = log.bytes.used };
	return e;
}
