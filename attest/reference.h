/*
 * What a signed image leads to: verified once, kept by the caller, and compared with any number of boots.
 * Trust: decides for the verifier; the head is outside bytes. Pure.
 */
#ifndef SIGNET_ATTEST_REFERENCE_H
#define SIGNET_ATTEST_REFERENCE_H

#include "image/events.h"

enum { REFERENCE_KEYS_MAX = 64 };

struct reference {
	struct anchor anchor; /* whose stage starts it */
	struct verified_image image;
	u32 key_count;
	struct reference_keys {
		u64 version;
		u8 digest[SHA384_SIZE];
	} keys[REFERENCE_KEYS_MAX]; /* each key manifest from the anchor's on */
};

/* image_verify_head()'s errors; ERR_RANGE: more key manifests than are kept. */
enum err reference_make(const u8 *head, size_t n, const struct anchor *anchor, struct reference *out) MUST_CHECK;

/* How many events PCR12 gets, and the one at that place; stage_version is in the first. */
u32 reference_event_count(const struct reference *r);
void reference_event(const struct reference *r, u32 at, u32 stage_version, struct event *out);

#endif
