/*
 * A firmware, played: what the TCG PC Client Platform Firmware Profile has it measure, and its log, which the stage
 * goes on with. Test code for a host.
 */
#include "attest/log_write.h"
#include "image/host/forecast.h"
#include "lib/bytes.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/startup.h"
#include "tests/tpm/rig/rig.h"

#include <stdio.h>
#include <string.h>

enum {
	LOG_ROOM = 1 << 18,
	EFI_MAX = 16 << 20,
	GUID_SIZE = 16,
	SIGNATURE_SIZE = GUID_SIZE + 32,
	EV_POST_CODE = 1,
	EV_SEPARATOR = 4,
	EV_S_CRTM_VERSION = 8,
	EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001,
	EV_EFI_VARIABLE_BOOT = 0x80000002,
	EV_EFI_VARIABLE_AUTHORITY = 0x800000E0,
};

static struct log event_log;
static struct tpm *own_tpm;

/* The TPM hashes data by itself: digest and data always fit. */
static enum err measure(u32 pcr, u32 type, const void *data, size_t n)
{
	struct tpm_digests digests;
	enum err e = tpm_pcr_event(own_tpm, pcr, data, n, &digests);

	if (e)
		return e;
	log_keep_banks(&event_log.format, &digests);
	return log_append(&event_log, pcr, type, &digests, data, (u32)n);
}

enum err firmware_extend(u32 pcr, const struct event *event)
{
	u8 data[EVENT_TAGGED_SIZE];

	event_encode(event, data);
	return measure(pcr, EV_EVENT_TAG, data, sizeof(data));
}

void firmware_log(const u8 **bytes, size_t *length)
{
	*bytes = event_log.bytes.start;
	*length = event_log.bytes.used;
}

static void measure_text(u32 pcr, u32 type, const char *text)
{
	need(measure(pcr, type, text, strlen(text)), "measuring firmware");
}

/* UEFI_VARIABLE_DATA: vendor, lengths, the name in UTF-16, the content. */
static void measure_variable(u32 pcr, u32 type, const char *name, const void *content, size_t n)
{
	u8 data[256];
	struct writer w = writer_on(data, sizeof(data));

	write_zero(&w, GUID_SIZE);
	write_le64(&w, strlen(name));
	write_le64(&w, n);
	for (const char *c = name; *c; c++)
		write_le16(&w, (u16)*c);
	write_bytes(&w, content, n);
	need(measure(pcr, type, data, w.used), "measuring firmware");
}

/* A signature list of one hash that stands for the owner's key; dbx may be another one. */
static void measure_secure_boot(const char *revoked)
{
	static const char *const lists[] = { "PK", "KEK", "db", "dbx" };
	static const u8 sha256_list[GUID_SIZE] = { 0x26, 0x16, 0xC4, 0xC1, 0x4C, 0x50, 0x92, 0x40, 0xAC, 0xA9, 0x41,
		0xF9, 0x36, 0x93, 0x43, 0x28 };
	static const u8 on = 1;
	u8 list[GUID_SIZE + 12 + SIGNATURE_SIZE] = { 0 };

	memcpy(list, sha256_list, GUID_SIZE);
	store_le32(list + GUID_SIZE, sizeof(list));
	store_le32(list + GUID_SIZE + 8, SIGNATURE_SIZE);
	measure_variable(7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", &on, sizeof(on));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		list[sizeof(list) - 1] = (u8)i;
		if (revoked && strcmp(lists[i], "dbx") == 0)
			measure_variable(7, EV_EFI_VARIABLE_DRIVER_CONFIG, lists[i], revoked, strlen(revoked));
		else
			measure_variable(7, EV_EFI_VARIABLE_DRIVER_CONFIG, lists[i], list, sizeof(list));
	}
}

static void measure_authority(void)
{
	static const u8 signature[SIGNATURE_SIZE];

	measure_variable(7, EV_EFI_VARIABLE_AUTHORITY, "db", signature, sizeof(signature));
}

/* The bank's digest of the boot file is no hash of the event's data. */
static void measure_loader(const struct bank_digests *file)
{
	/* UEFI_IMAGE_LOAD_EVENT: address, length, link-time address, length of a device path: none is told. */
	static const u8 loaded[4 * 8];
	struct tpm_digests digests = { .count = event_log.format.count };
	const u32 type = 0x80000003; /* EV_EFI_BOOT_SERVICES_APPLICATION */

	for (u32 i = 0; i < digests.count; i++) {
		struct tpm_bank_digest *d = &digests.bank[i];

		*d = (struct tpm_bank_digest){ .alg = event_log.format.alg[i], .size = event_log.format.size[i] };
		for (u32 b = 0; b < BANKS; b++)
			if (banks[b].size == d->size)
				memcpy(d->digest, file->of[b], d->size);
	}
	need(tpm_pcr_extend(own_tpm, 4, &digests), "measuring the loader");
	need(log_append(&event_log, 4, type, &digests, loaded, sizeof(loaded)), "logging the loader");
}

static void read_loader(const struct options *o, struct bank_digests *digests)
{
	static struct forecast unused;
	char path[4096];
	struct blob efi;

	snprintf(path, sizeof(path), "%s/BOOTX64.EFI", o->boot);
	efi = stage_file(path, EFI_MAX);
	need(forecast_loader(efi.bytes, efi.length, &unused, digests), path);
}

void firmware_measure(struct tpm *tpm, const struct options *o)
{
	static const u8 separator[4], boot_order[2];
	struct bank_digests loader;
	struct tpm_banks active;

	own_tpm = tpm;
	need(tpm_startup(tpm), "TPM2_Startup");
	need(tpm_pcr_banks(tpm, &active), "PCR banks");
	need(log_create(&event_log, stage_memory(LOG_ROOM), LOG_ROOM, &active), "the event log");
	if (o->bios)
		return;
	read_loader(o, &loader);
	measure_text(0, EV_S_CRTM_VERSION, o->firmware_event);
	measure_text(0, EV_POST_CODE, "POST CODE");
	measure_variable(1, EV_EFI_VARIABLE_BOOT, "BootOrder", boot_order, sizeof(boot_order));
	measure_secure_boot(o->revoked);
	measure_text(4, 0x80000007 /* EV_EFI_ACTION */, "Calling EFI Application from Boot Option");
	for (u32 pcr = 0; pcr <= 7; pcr++)
		need(measure(pcr, EV_SEPARATOR, separator, sizeof(separator)), "measuring firmware");
	measure_authority();
	measure_loader(&loader);
}
