/*
 * The releases that the simulated node is given: small images, signed on the spot, each with content of its own.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_RELEASES_H
#define SIGNET_TESTS_SIM_RELEASES_H

#include "image/anchor.h"
#include "tests/sim/fake_flash.h"

enum release {
	RELEASE_OLD, /* SVN 10 */
	RELEASE_NEW, /* SVN 11 */
	RELEASE_NEXT, /* SVN 12, under key manifest 2 */
	RELEASES,
};

enum { RELEASE_LEAVES = 3, RELEASES_SHARE = 1 /* the leaf that all have */ };

struct release_image {
	u8 bytes[SLOT_SIZE]; /* zeros behind the image */
	u64 length;
	u8 leaves[RELEASE_LEAVES][SHA384_SIZE];
	struct verified_image image;
};

void releases_make(void);

const struct release_image *release_image(enum release r);

/* What this node's stage was built with. */
struct anchor release_anchor(void);

/* What every verifier of this node trusts and demands, floors aside. */
struct image_policy release_policy(void);

/* Which release stands whole in a slot, byte for byte; RELEASES if none does. */
enum release release_in(const u8 slot[SLOT_SIZE]);

#endif
