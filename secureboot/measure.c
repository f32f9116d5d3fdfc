/*
 * Measuring image and decisions.
 * Trust: in the TCB; pure over struct platform.
 */
#include "secureboot/measure.h"

#include "secureboot/version.h"

#include "image/events.h"
#include "lib/print.h"

#include <string.h>

static enum err measure_keys(const struct platform *platform, const struct slot *slot)
{
	for (u32 i = 0; i < slot->key_count; i++) {
		struct event event;
		enum err e;

		event_of_keys(slot->key[i].version, slot->key[i].digest, &event);
		e = platform->measure(PCR_IMAGE, &event);
		if (e)
			return e;
	}
	return OK;
}

static enum err measure_components(const struct platform *platform, const struct manifest *m)
{
	for (u32 i = 0; i < m->component_count; i++) {
		struct event event;
		enum err e;

		event_of_component(&m->components[i], &event);
		e = platform->measure(PCR_IMAGE, &event);
		if (e)
			return e;
	}
	return OK;
}

enum err measure_image(const struct platform *platform, const struct anchor *anchor, const struct slot *slot)
{
	struct event event;
	enum err e;

	event_of_stage(anchor, STAGE_VERSION, &event);
	e = platform->measure(PCR_IMAGE, &event);
	if (!e)
		e = measure_keys(platform, slot);
	if (e)
		return e;
	event_of_manifest(&slot->image, &event);
	e = platform->measure(PCR_IMAGE, &event);
	if (!e)
		e = measure_components(platform, &slot->image.manifest);
	if (e)
		return e;
	event_of_separator(&event);
	return platform->measure(PCR_IMAGE, &event);
}

static void event_of_choice(const struct boot_choice *choice, const struct verified_image *image, struct event *out)
{
	event_init(out, EVENT_SLOT, boot_reason_text(choice->reason));
	memcpy(out->digest, image->manifest_digest, SHA384_SIZE);
	out->value[0] = choice->slot;
	out->value[1] = choice->reason;
}

static void event_of_nv(const struct nv_view *nv, struct event *out)
{
	static const char *const names[] = {
		[NV_UNPROVISIONED] = "unprovisioned", [NV_PROVISIONED] = "provisioned", [NV_STATE_LOST] = "state lost"
	};
	char text[EVENT_TEXT_SIZE];
	u8 record[STATE_RECORD_SIZE];

	format(text, sizeof(text), "%s, %s", names[nv->status], nv->writable ? "writable" : "not writable");
	event_init(out, EVENT_NV_STATE, text);
	if (nv->status == NV_PROVISIONED) {
		boot_state_encode(&nv->state, record);
		sha384_of(record, sizeof(record), out->digest);
	}
	out->value[0] = nv->image_floor;
	out->value[1] = nv->key_floor;
}

static void event_of_firmware(const struct platform *platform, struct event *out)
{
	const char *text = platform->secure_boot ? "UEFI, Secure Boot on" : "UEFI, Secure Boot off";

	event_init(out, EVENT_FIRMWARE, platform->uefi ? text : "BIOS, nothing before the stage was measured");
	out->value[0] = platform->uefi;
	out->value[1] = platform->secure_boot;
}

enum err measure_decisions(const struct platform *platform, const struct nv_view *nv, const struct boot_choice *choice,
        const struct verified_image *image)
{
	struct event event;
	enum err e;

	event_of_choice(choice, image, &event);
	e = platform->measure(PCR_DECISIONS, &event);
	if (e)
		return e;
	event_of_nv(nv, &event);
	e = platform->measure(PCR_DECISIONS, &event);
	if (e)
		return e;
	event_of_firmware(platform, &event);
	return platform->measure(PCR_DECISIONS, &event);
}
