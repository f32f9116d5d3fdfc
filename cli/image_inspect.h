/*
 * What `signet image inspect` found, and its two ways to say it.
 * Trust: all but verdict and worth are the image's own claims.
 */
#ifndef SIGNET_CLI_IMAGE_INSPECT_H
#define SIGNET_CLI_IMAGE_INSPECT_H

#include "image/host/sign.h"

struct inspection {
	const char *path;
	struct image_file file;
	struct key_set keys;
	struct manifest manifest;
	u8 manifest_digest[SHA384_SIZE];
	u8 message_digest[SHA384_SIZE];
	struct signature_list signatures;
	bool trusted; /* the operator named keys to trust: verdict is set */
	bool judged; /* the image's keys follow from those: worth is set */
	enum err verdict; /* of head and signatures; OK says nothing of the payload */
	enum signature_worth worth[SIGNATURES_COUNT_MAX];
};

/* In words; NULL when not judged. */
const char *inspection_worth(const struct inspection *i, u32 n);

void inspection_print(const struct inspection *i);
void inspection_print_json(const struct inspection *i);

#endif
