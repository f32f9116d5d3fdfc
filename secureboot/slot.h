/*
 * One slot on its way to being started: its head verified in own memory, its components verified at their final places.
 * Trust: in the TCB; pure over struct platform. A slot's bytes are untrusted, and are read once.
 */
#ifndef SIGNET_SECUREBOOT_SLOT_H
#define SIGNET_SECUREBOOT_SLOT_H

#include "image/anchor.h"
#include "image/verify.h"
#include "secureboot/platform.h"

/* No key manifest is shorter than one with a key of each role and no signature, and so no region holds more. */
enum { KEY_CHAIN_MAX = IMAGE_KEYS_MAX / (KEYS_FIXED_SIZE + 3 * KEY_ENTRY_SIZE + SIGNATURE_LIST_HEADER) + 1 };

struct key_record {
	u64 version;
	u8 digest[SHA384_SIZE];
};

struct slot {
	struct blob loaded;
	/* What is known against it; OK: it may be started as far as looked at. */
	enum err found;
	/* Signatures hold: image tells what was found, even if policy refuses it. */
	bool verified;
	bool placed;
	struct verified_image image;
	struct key_record key[KEY_CHAIN_MAX];
	u32 key_count;
	u8 *component[COMPONENTS_MAX];
	u64 entry; /* where the hypervisor of a placed slot is entered */
};

/*
 * Copies the head into own memory (IMAGE_HEAD_MAX bytes), verifies and judges it. Sets slot->found.
 */
void slot_examine(struct slot *slot, u8 *head, const struct image_policy *policy);

/*
 * Copies each component of a slot of which nothing is placed to its final place and verifies it there. On an error
 * nothing stays allocated.
 * ERR_BOOT_MEMORY, ERR_IMAGE_CONTENT, ERR_IMAGE_HYPERVISOR.
 */
enum err slot_place(struct slot *slot, const struct platform *platform) MUST_CHECK;

/* Gives back what slot_place took. */
void slot_release(struct slot *slot, const struct platform *platform);

#endif
