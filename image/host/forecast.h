/*
 * What a boot will leave in PCR4 and PCR12: the reference values that are published with an image.
 * Trust: computes only; the image has been verified by the caller's anchor.
 */
#ifndef SIGNET_IMAGE_HOST_FORECAST_H
#define SIGNET_IMAGE_HOST_FORECAST_H

#include "image/anchor.h"
#include "image/host/image_file.h"

enum { BANKS = 4, BANK_DIGEST_MAX = 64, FORECAST_EVENTS_MAX = 256, FORECAST_TEXT = 96 };

/* sha1, sha256, sha384, sha512, as the TPM names them. */
struct bank {
	const char *name;
	u32 size;
};

extern const struct bank banks[BANKS];

struct bank_digests {
	u8 of[BANKS][BANK_DIGEST_MAX];
};

struct forecast_event {
	u32 type; /* TCG event type */
	char text[FORECAST_TEXT];
	struct bank_digests digests;
};

/* One PCR from reset, and the events that lead to its value. */
struct forecast {
	u32 pcr;
	u32 count;
	struct forecast_event events[FORECAST_EVENTS_MAX];
	struct bank_digests value;
};

/* PCR12. *image is filled by the verification; ERR_RANGE: more events than fit. */
enum err forecast_image(const struct image_file *f, const struct anchor *anchor, u32 stage_version,
        struct verified_image *image, struct forecast *out) MUST_CHECK;

/*
 * PCR4 of firmware that starts this EFI binary first and nothing else: the action, the separator, the binary (TCG PC
 * Client Platform Firmware Profile). *authenticode gets the binary's digests. ERR_RANGE: no PE32+ file.
 */
enum err forecast_loader(const u8 *efi, size_t n, struct forecast *out, struct bank_digests *authenticode) MUST_CHECK;

#endif
