/* Judging image files. Trust: the verdict is image/verify.h's; this adds clock and payload. */
#include "image/host/check.h"

#include "image/host/payload.h"
#include "secureboot/version.h"

#include <string.h>
#include <time.h>

void demands_of(const struct trust *trust, struct demands *out)
{
	*out = (struct demands){
		.policy = {
			.anchor = &trust->anchor.keys,
			.stage_version = trust->whole ? STAGE_VERSION : UINT32_MAX,
			.allowed_flags = trust->anchor.flags,
			.hardware_class = trust->whole ? trust->anchor.hardware_class : NULL,
		},
		.now = (u64)time(NULL),
	};
}

static enum err judge(const struct verified_image *image, const struct demands *demands)
{
	struct image_policy policy = demands->policy;

	if (!policy.hardware_class)
		policy.hardware_class = image->manifest.hardware_class;
	enum err e = image_judge(image, &policy);
	if (e)
		return e;
	return image_expired(&image->manifest, demands->now) ? ERR_IMAGE_EXPIRED : OK;
}

enum err image_check_head(const struct image_file *f, const struct demands *demands, struct verified_image *out)
{
	enum err e = image_verify_head(
	        f->head, (size_t)f->layout.payload_offset, f->room, demands->policy.anchor, NULL, out);

	return e ? e : judge(out, demands);
}

enum err image_check(const struct image_file *f, const struct demands *demands, const struct meter *meter,
        struct verified_image *out, u32 *bad)
{
	enum err e = image_check_head(f, demands, out);

	*bad = COMPONENTS_MAX;
	return e ? e : payload_check(f, &out->manifest, meter, bad);
}
