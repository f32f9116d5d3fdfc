/*
 * Image verification: the only maker of struct verified_image. Verify first, then parse.
 * Trust: in the TCB; pure. The same code runs in stage, hypervisor, agent, signetd and command line.
 */
#ifndef SIGNET_IMAGE_VERIFY_H
#define SIGNET_IMAGE_VERIFY_H

#include "image/keyset.h"

struct component {
	enum component_kind kind;
	u64 offset; /* from the image's start */
	u64 length;
	u64 load_address; /* 0: anywhere */
	u64 memory_length;
	u8 digest[SHA384_SIZE];
};

struct manifest {
	char product[TEXT_SIZE + 1];
	char release[TEXT_SIZE + 1];
	char hardware_class[TEXT_SIZE + 1];
	u32 svn;
	u32 flags;
	u32 min_stage_version;
	u64 created;
	u64 expiry;
	u8 build_id[32];
	u8 keys_digest[SHA384_SIZE];
	u8 merkle_root[SHA384_SIZE];
	u64 leaf_count;
	u32 component_count;
	struct component components[COMPONENTS_MAX];
};

/* Region bounds from the header, consistent with each other and with the slot. */
struct image_layout {
	u64 keys_offset, keys_length;
	u64 manifest_offset, manifest_length;
	u64 signatures_offset, signatures_length;
	u64 payload_offset, payload_length;
	u64 image_length;
};

/*
 * Everything in here came from bytes whose signatures hold. It is a copy: nothing points into the slot.
 */
struct verified_image {
	struct image_layout layout;
	struct manifest manifest;
	u8 manifest_digest[SHA384_SIZE];
	struct key_set keys; /* the newest of the chain, which judged this image */
};

/* What this verifier demands beyond good signatures. */
struct image_policy {
	const struct key_set *anchor;
	u64 key_floor; /* 0: none known */
	bool floor_known; /* image_floor is in force, and with it the limit on leaps */
	u64 image_floor;
	u32 stage_version;
	u32 allowed_flags;
	const char *hardware_class;
};

/*
 * Places the regions of an image: there is one layout for given lengths. ERR_RANGE when a length is not allowed
 * (docs/format.md); payload_length must be below 2^48.
 */
enum err image_layout_of(u64 keys_length, u64 manifest_length, u64 signatures_length, u64 payload_length,
        struct image_layout *out) MUST_CHECK;

/*
 * Reads the header alone. head has n readable bytes (at least a header), slot_length bounds the image.
 * ERR_IMAGE_ABSENT, ERR_IMAGE_HEADER, ERR_IMAGE_LENGTH.
 */
enum err image_layout_read(const u8 *head, size_t n, u64 slot_length, struct image_layout *out) MUST_CHECK;

/*
 * Verifies keys, manifest and signatures, then parses the manifest; no policy yet. head must be memory nobody else
 * writes, and hold layout.payload_offset bytes. visitor (may be NULL) is told of each key manifest.
 */
enum err image_verify_head(const u8 *head, size_t n, u64 slot_length, const struct key_set *anchor,
        const struct keys_visitor *visitor, struct verified_image *out) MUST_CHECK;

/* Judges a verified image by policy: product, floors, leap, stage version, hardware class, flags. */
enum err image_judge(const struct verified_image *image, const struct image_policy *policy) MUST_CHECK;

/*
 * Whether the image is past its expiry at now (Unix seconds), or now lies so far before its creation that the clock
 * must have been set back. For callers with a clock: signetd, agent, command line; never the stage.
 */
bool image_expired(const struct manifest *m, u64 now);

/* Compares content, at its final place, with the signed digest. ERR_IMAGE_CONTENT. */
enum err image_verify_component(const struct component *c, const u8 *content) MUST_CHECK;

const struct component *manifest_find(const struct manifest *m, enum component_kind kind);

#endif
