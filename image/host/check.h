/*
 * The whole judgement of an image file: signatures, policy, expiry, every byte of the payload.
 * Trust: makes its result only by image/verify.h.
 */
#ifndef SIGNET_IMAGE_HOST_CHECK_H
#define SIGNET_IMAGE_HOST_CHECK_H

#include "image/host/image_file.h"
#include "image/host/trust.h"

struct demands {
	/* hardware_class NULL: not judged. */
	struct image_policy policy;
	u64 now; /* Unix seconds */
};

/*
 * What the stage of an anchor would demand on a machine of unprovisioned TPM; for a mere key manifest: neither
 * development nor debug images, any stage version and hardware. now is the clock of this machine.
 */
void demands_of(const struct trust *trust, struct demands *out);

/* All but the payload. ERR_IMAGE_EXPIRED and whatever image/verify.h has. */
enum err image_check_head(
        const struct image_file *f, const struct demands *demands, struct verified_image *out) MUST_CHECK;

/* The same, then the payload; *bad as in payload_check. */
enum err image_check(const struct image_file *f, const struct demands *demands, const struct meter *meter,
        struct verified_image *out, u32 *bad) MUST_CHECK;

#endif
