/*
 * Writing an image into a slot so that a power cut at any point leaves the running slot's image bootable and never a
 * half one: header destroyed first, written last, and the boot state moved before and after.
 * Trust: outside the TCB (the stage verifies whatever stands in a slot); refuses bad images early.
 */
#ifndef SIGNET_UPDATE_INSTALL_H
#define SIGNET_UPDATE_INSTALL_H

#include "image/verify.h"
#include "update/state.h"

enum {
	FLASH_SECTOR = 4096,
	READ_BACK = 16 * LEAF_SIZE, /* at once: each read waits for the medium */
};

/* One slot's partition. Offsets and lengths of writes are whole sectors. ERR_IO. */
struct flash_ops {
	enum err (*read)(void *context, u64 offset, u8 *out, size_t n);
	/* May be cached and re-ordered until flush. */
	enum err (*write)(void *context, u64 offset, const u8 *bytes, size_t n);
	/* Everything written before is durable afterwards. */
	enum err (*flush)(void *context);
	void *context;
	u64 length;
};

/* Whoever keeps the slots' records: the hypervisor, by CONTROL_STAGE. */
struct slot_keeper {
	/* digest: of the manifest, the slot becomes STAGED; zeros: WRITING. The keeper's error; the record is as
	 * before. */
	enum err (*move)(void *context, u8 slot, const u8 digest[SHA384_SIZE]);
	void *context;
};

/* Where to install and under whose rules. What it points to outlives the installation. */
struct install_target {
	struct slot_keeper keeper;
	struct flash_ops flash;
	u8 slot;
	u8 running; /* slot of this boot */
	const struct image_policy *policy;
};

struct install {
	struct install_target target;
	const u8 *head; /* the caller's, unchanged until install_finish */
	struct verified_image image;
	u64 written; /* bytes, to flash */
	_Alignas(FLASH_SECTOR) u8 buffer[READ_BACK];
};

/*
 * Judges the head (n bytes: everything before the payload), then makes the slot WRITING and unbootable and writes the
 * head but for its first sector. Nothing is touched before the image is known to be good and wanted here.
 * ERR_ARGUMENT: the running slot; ERR_IMAGE_* and others of image_verify_head and image_judge; the keeper's, such as
 * ERR_STATE_TRANSITION while the running slot's trial is undecided and the other slot is its way back; ERR_IO.
 */
enum err install_begin(struct install *i, const struct install_target *target, const u8 *head, size_t n) MUST_CHECK;

/* The head once more, as install_begin left it: the slot stays unbootable. ERR_IO. */
enum err install_head(struct install *i) MUST_CHECK;

/*
 * Payload bytes, in any order, offset from the payload's start; whole sectors. The caller has compared them with their
 * leaves' signed digests. ERR_RANGE, ERR_IO.
 */
enum err install_write(struct install *i, u64 offset, const u8 *bytes, size_t n) MUST_CHECK;

/*
 * Reads everything back from flash, verifies it against the manifest (what the stage will hash, and that the rest is
 * zero), then writes the header and makes the slot STAGED.
 * ERR_IMAGE_CONTENT: what stands on flash is not the image (install_write may repair it).
 */
enum err install_finish(struct install *i) MUST_CHECK;

#endif
