/* The table of refusals; docs/fleet-api.md shows the same. Trust: see the header. */
#include "update/refusal.h"

#include <string.h>

const struct refusal refusals[] = {
	{ ERR_NV_ABSENT, "not-enrolled", "enrol the node first, and wait until it has attested" },
	{ ERR_UPDATE_UNDER_WAY, "under-way", "wait for its end, or `signet update cancel` it" },
	{ ERR_UPDATE_SAME, "runs-already", "there is nothing to do" },
	{ ERR_SIGNATURE_LIST, "signature", "sign it with `signet image sign`" },
	{ ERR_SIGNATURE_WRONG, "signature", "sign it with `signet image sign`" },
	{ ERR_SIGNATURE_MISSING, "signature",
	        "add signatures with `signet image sign` until the threshold is reached" },
	{ ERR_KEYS_FORMAT, "keys", "build it with this fleet's keys" },
	{ ERR_KEYS_CHAIN, "keys", "build it with this fleet's keys" },
	{ ERR_KEYS_OTHER, "keys", "build it again with the newest key manifest" },
	{ ERR_KEYS_FLOOR, "keys-revoked", "build it again with the newest key manifest: its keys are revoked here" },
	{ ERR_IMAGE_FLOOR, "below-minimum", "push a release with a higher security version: this one is revoked here" },
	{ ERR_IMAGE_LEAP, "svn-leap", "push a release whose security version is nearer to the minimum" },
	{ ERR_IMAGE_STAGE, "stage-too-old", "renew the boot files of the flash disk first" },
	{ ERR_IMAGE_HARDWARE, "other-hardware", "push an image that was built for this class of hardware" },
	{ ERR_IMAGE_DEVELOPMENT, "development-image", "push a release that was signed with production keys" },
	{ ERR_IMAGE_DEBUG, "debug-image", "push a release that was built without debug" },
	{ ERR_IMAGE_PRODUCT, "other-product", "push an image of this product" },
	{ ERR_IMAGE_EXPIRED, "expired", "push a newer release, and look at the clocks" },
	{ ERR_IMAGE_LENGTH, "does-not-fit", "make the image smaller, or the node's slots larger" },
	{ ERR_STATE_TRANSITION, "on-trial", "wait until the trial of what runs has ended" },
	{ ERR_UPDATE_FELL_BACK, "fell-back", "push it with --force when what made it fall back is mended" },
};

const size_t refusal_count = ARRAY_SIZE(refusals);

const struct refusal *refusal_of(enum err e)
{
	for (size_t i = 0; i < refusal_count; i++)
		if (refusals[i].error == e)
			return &refusals[i];
	return NULL;
}

const struct refusal *refusal_named(const char *code)
{
	for (size_t i = 0; i < refusal_count; i++)
		if (strcmp(refusals[i].code, code) == 0)
			return &refusals[i];
	return NULL;
}
