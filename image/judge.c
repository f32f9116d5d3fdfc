/*
 * Policy over a verified image: what good signatures alone do not decide.
 * Trust: in the TCB; pure.
 */
#include "image/verify.h"

#include <string.h>

enum { CLOCK_SKEW_MAX = 86400 /* seconds between a builder's clock and the judge's */ };

static bool product_fits(const struct verified_image *i, const struct image_policy *p)
{
	(void)p;
	return strcmp(i->manifest.product, "signet") == 0;
}

static bool keys_fit(const struct verified_image *i, const struct image_policy *p)
{
	return i->keys.version >= p->key_floor;
}

static bool floor_fits(const struct verified_image *i, const struct image_policy *p)
{
	return !p->floor_known || i->manifest.svn >= p->image_floor;
}

/* Runs behind floor_fits, so the difference is never negative. */
static bool leap_fits(const struct verified_image *i, const struct image_policy *p)
{
	return !p->floor_known || i->manifest.svn - p->image_floor <= SVN_LEAP_MAX;
}

static bool stage_fits(const struct verified_image *i, const struct image_policy *p)
{
	return i->manifest.min_stage_version <= p->stage_version;
}

static bool hardware_fits(const struct verified_image *i, const struct image_policy *p)
{
	const char *class = i->manifest.hardware_class;

	return strcmp(class, "any") == 0 || strcmp(class, p->hardware_class) == 0;
}

static bool development_fits(const struct verified_image *i, const struct image_policy *p)
{
	return (i->manifest.flags & ~p->allowed_flags & IMAGE_DEVELOPMENT) == 0;
}

static bool debug_fits(const struct verified_image *i, const struct image_policy *p)
{
	return (i->manifest.flags & ~p->allowed_flags & IMAGE_DEBUG) == 0;
}

static const struct {
	bool (*fits)(const struct verified_image *image, const struct image_policy *policy);
	enum err otherwise;
} checks[] = {
	{ product_fits, ERR_IMAGE_PRODUCT },
	{ keys_fit, ERR_KEYS_FLOOR },
	{ floor_fits, ERR_IMAGE_FLOOR },
	{ leap_fits, ERR_IMAGE_LEAP },
	{ stage_fits, ERR_IMAGE_STAGE },
	{ hardware_fits, ERR_IMAGE_HARDWARE },
	{ development_fits, ERR_IMAGE_DEVELOPMENT },
	{ debug_fits, ERR_IMAGE_DEBUG },
};

enum err image_judge(const struct verified_image *image, const struct image_policy *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		if (!checks[i].fits(image, policy))
			return checks[i].otherwise;
	}
	return OK;
}

bool image_expired(const struct manifest *m, u64 now)
{
	if (m->expiry == 0)
		return false;
	bool clock_set_back = m->created > CLOCK_SKEW_MAX && now < m->created - CLOCK_SKEW_MAX;
	return now >= m->expiry || clock_set_back;
}
