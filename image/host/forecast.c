/* Foretelling PCRs. Trust: computes only. */
#include "image/host/forecast.h"

#include "image/events.h"
#include "image/host/authenticode.h"

#include <mbedtls/md.h>
#include <stdio.h>
#include <string.h>

/* TCG PC Client Platform Firmware Profile, "Event Types". */
enum { EV_SEPARATOR = 4, EV_EFI_ACTION = 0x80000007, EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003 };

#define BOOT_ACTION "Calling EFI Application from Boot Option"

const struct bank banks[BANKS] = { { "sha1", 20 }, { "sha256", 32 }, { "sha384", 48 }, { "sha512", 64 } };

static const mbedtls_md_type_t bank_types[BANKS] = {
	MBEDTLS_MD_SHA1,
	MBEDTLS_MD_SHA256,
	MBEDTLS_MD_SHA384,
	MBEDTLS_MD_SHA512,
};

static enum err hash_ranges(u32 bank, const u8 *bytes, const struct hashed_ranges *ranges, u8 *out)
{
	mbedtls_md_context_t md;
	int failed;

	mbedtls_md_init(&md);
	failed = mbedtls_md_setup(&md, mbedtls_md_info_from_type(bank_types[bank]), 0);
	if (!failed)
		failed = mbedtls_md_starts(&md);
	for (u32 i = 0; !failed && i < ranges->count; i++)
		failed = mbedtls_md_update(&md, bytes + ranges->ranges[i].offset, (size_t)ranges->ranges[i].length);
	if (!failed)
		failed = mbedtls_md_finish(&md, out);
	mbedtls_md_free(&md);
	return failed ? ERR_INTERNAL : OK;
}

static enum err digest_in_banks(const u8 *bytes, const struct hashed_ranges *ranges, struct bank_digests *out)
{
	for (u32 b = 0; b < BANKS; b++) {
		enum err e = hash_ranges(b, bytes, ranges, out->of[b]);
		if (e)
			return e;
	}
	return OK;
}

static enum err digest_whole(const void *bytes, size_t n, struct bank_digests *out)
{
	const struct hashed_ranges whole = { .count = 1, .ranges = { { 0, n } } };

	return digest_in_banks(bytes, &whole, out);
}

/* TPM2_PCR_Extend: new value = H(old value || digest). */
static enum err extend(struct forecast *f, const struct bank_digests *d)
{
	for (u32 b = 0; b < BANKS; b++) {
		u8 joined[2 * BANK_DIGEST_MAX];
		const struct hashed_ranges whole = { .count = 1, .ranges = { { 0, 2 * banks[b].size } } };
		memcpy(joined, f->value.of[b], banks[b].size);
		memcpy(joined + banks[b].size, d->of[b], banks[b].size);
		enum err e = hash_ranges(b, joined, &whole, f->value.of[b]);
		if (e)
			return e;
	}
	return OK;
}

static enum err add(struct forecast *f, u32 type, const char *text, const struct bank_digests *d)
{
	if (f->count == FORECAST_EVENTS_MAX)
		return ERR_RANGE;
	struct forecast_event *e = &f->events[f->count++];
	e->type = type;
	snprintf(e->text, sizeof(e->text), "%s", text);
	e->digests = *d;
	return extend(f, d);
}

/* Sticky error, so that a visitor can report one. */
struct recorder {
	struct forecast *forecast;
	enum err failed;
};

static void record(struct recorder *r, const struct event *event)
{
	u8 tagged[EVENT_TAGGED_SIZE];
	struct bank_digests d = { 0 };

	if (r->failed)
		return;
	event_encode(event, tagged);
	r->failed = digest_whole(tagged, sizeof(tagged), &d);
	if (!r->failed)
		r->failed = add(r->forecast, EV_EVENT_TAG, event->text, &d);
}

static void record_keys(void *context, u64 version, const u8 digest[SHA384_SIZE])
{
	struct event event;

	event_of_keys(version, digest, &event);
	record(context, &event);
}

static void record_image(struct recorder *r, const struct verified_image *image)
{
	struct event event;

	event_of_manifest(image, &event);
	record(r, &event);
	for (u32 i = 0; i < image->manifest.component_count; i++) {
		event_of_component(&image->manifest.components[i], &event);
		record(r, &event);
	}
	event_of_separator(&event);
	record(r, &event);
}

enum err forecast_image(const struct image_file *f, const struct anchor *anchor, u32 stage_version,
        struct verified_image *image, struct forecast *out)
{
	struct recorder r = { .forecast = out };
	const struct keys_visitor visitor = { record_keys, &r };
	struct event event;

	memset(out, 0, sizeof(*out));
	out->pcr = PCR_IMAGE;
	event_of_stage(anchor, stage_version, &event);
	record(&r, &event);
	enum err e =
	        image_verify_head(f->head, (size_t)f->layout.payload_offset, f->room, &anchor->keys, &visitor, image);
	if (e)
		return e;
	record_image(&r, image);
	return r.failed;
}

enum err forecast_loader(const u8 *efi, size_t n, struct forecast *out, struct bank_digests *authenticode)
{
	static const u8 separator[4];
	struct hashed_ranges ranges;
	struct bank_digests d = { 0 };

	memset(out, 0, sizeof(*out));
	memset(authenticode, 0, sizeof(*authenticode));
	out->pcr = 4;
	enum err e = authenticode_ranges(efi, n, &ranges);
	if (!e)
		e = digest_in_banks(efi, &ranges, authenticode);
	if (!e)
		e = digest_whole(BOOT_ACTION, strlen(BOOT_ACTION), &d);
	if (!e)
		e = add(out, EV_EFI_ACTION, BOOT_ACTION, &d);
	if (!e)
		e = digest_whole(separator, sizeof(separator), &d);
	if (!e)
		e = add(out, EV_SEPARATOR, "separator", &d);
	if (!e)
		e = add(out, EV_EFI_BOOT_SERVICES_APPLICATION, "EFI binary", authenticode);
	return e;
}
