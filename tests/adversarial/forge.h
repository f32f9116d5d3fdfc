/*
 * Makes well-formed key manifests and images, with every field open to forgery and re-signing. It shares the encoders
 * with the product; what it makes is judged by the code under test alone. Test code: its keys are derived from a
 * constant, so that a failure repeats.
 */
#ifndef SIGNET_TESTS_FORGE_H
#define SIGNET_TESTS_FORGE_H

#include "image/encode.h"

/* Who signs. Spare keys are in no key set until a test puts them there; a stranger never is. */
enum forge_person {
	ROOT_A,
	ROOT_B,
	ROOT_C,
	ROOT_SPARE,
	RELEASE_A,
	RELEASE_B,
	RELEASE_C,
	RELEASE_SPARE,
	POLICY,
	STRANGER,
	PEOPLE,
};

enum {
	FORGE_ROOTS = BIT(ROOT_A) | BIT(ROOT_B),
	FORGE_RELEASES = BIT(RELEASE_A) | BIT(RELEASE_B),
	FORGE_SIGNATURE_ROOM = SIGNATURE_LIST_HEADER + 6 * (SIGNATURE_ENTRY_HEADER + P384_SIGNATURE_SIZE),
	FORGE_PAYLOAD_MAX = 4 * LEAF_SIZE,
	FORGE_IMAGE_MAX = IMAGE_HEAD_MAX + FORGE_PAYLOAD_MAX,
	FORGE_STAGE_VERSION = 3,
	FORGE_CREATED = 1700000000,
};

struct forge {
	struct key_set keys; /* the newest key manifest's contents */
	struct key_set anchor; /* what the verifier trusts: version 1 as forge_init made it */
	u8 region[IMAGE_KEYS_MAX];
	size_t region_length;
	size_t newest; /* where in region the newest key manifest starts */

	struct manifest manifest;
	u8 payload[FORGE_PAYLOAD_MAX];
	u64 payload_length;

	struct image_layout layout;
	u8 image[FORGE_IMAGE_MAX];
};

/* X || Y, and the key's id. */
const u8 *forge_public(enum forge_person who);
const u8 *forge_id(enum forge_person who);
/* Signs as a P-384 person. */
void forge_signature(enum forge_person who, const u8 digest[SHA384_SIZE], u8 signature[P384_SIGNATURE_SIZE]);

/*
 * A good image, sealed: roots A B C and releases A B C, two of three each, one key manifest (the anchor); a hypervisor
 * and a fleet configuration of 5,000 and 300 bytes.
 */
void forge_init(struct forge *f);

/* Appends f->keys as the next key manifest, signed by signers (a mask of BIT(person)), for the manifest to name. */
void forge_append_keys(struct forge *f, u32 signers);
/* As above, with the version raised by one. */
void forge_rotate(struct forge *f, u32 signers);

/* Places component i with that many bytes of its own behind the one before; payload and component count grow to it. */
void forge_component(struct forge *f, u32 i, enum component_kind kind, u64 length);

/* Encodes header, keys, manifest (as it is, but for digests of the payload) and payload; signs with FORGE_RELEASES. */
void forge_seal(struct forge *f);

/* Signs whatever image[] now holds in header and manifest, where the layout says, instead of all signatures before. */
void forge_sign(struct forge *f, u32 signers);

/* The newest key manifest in region again after a test changed its body: signs it. */
void forge_sign_keys(struct forge *f, u32 signers);

/* Verifies as a stage with f->anchor, in a slot of exactly the image's length. */
enum err forge_verify(const struct forge *f, struct verified_image *out) MUST_CHECK;
/* As above, for the error alone. */
enum err forge_verdict(const struct forge *f) MUST_CHECK;

/* What a production stage demands on hardware class "server-1" with image floor 10; forge_init's image fits. */
struct image_policy forge_policy(void);

#endif
