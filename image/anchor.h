/*
 * The anchor: what an owner's stage trusts (docs/format.md), embedded in stage.elf and so covered by Secure Boot and
 * PCR4. Trust: its bytes are trusted like the code around them; parsed strictly all the same.
 */
#ifndef SIGNET_IMAGE_ANCHOR_H
#define SIGNET_IMAGE_ANCHOR_H

#include "image/keyset.h"

struct anchor {
	u32 flags;
	u32 serial_port;
	u32 serial_baud;
	char hardware_class[TEXT_SIZE + 1];
	u8 digest[SHA384_SIZE]; /* of all ANCHOR_SIZE bytes */
	struct key_set keys;
};

/* ERR_BOOT_ANCHOR when empty or malformed. */
enum err anchor_parse(const u8 bytes[ANCHOR_SIZE], struct anchor *out) MUST_CHECK;

/* body: the key manifest to embed, without its signatures. ERR_RANGE when it does not fit. */
enum err anchor_encode(const struct anchor *a, const u8 *body, size_t n, u8 out[ANCHOR_SIZE]) MUST_CHECK;

#endif
