/*
 * What judging a slot costs: a good image whole, one whose header is malformed, one whose header was changed after
 * signing. The verifier is the stage's own, compiled for this host. Prints nanoseconds, the best of several rounds.
 * Test code for a host.
 */
#include "image/anchor.h"
#include "image/host/file.h"
#include "image/verify.h"
#include "lib/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, IMAGE_MAX = 64 << 20, VERSION_AT = 12, MANIFEST_OFFSET_AT = 32, BUILD_ID_AT = 112 };

struct subject {
	const u8 *bytes;
	size_t length;
	const struct key_set *keys;
};

static u64 now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* As the stage does it: the head, then each component where it lies. */
static enum err judge(const struct subject *s)
{
	static struct verified_image image;
	enum err e = image_verify_head(s->bytes, s->length, s->length, s->keys, NULL, &image);
	for (u32 i = 0; !e && i < image.manifest.component_count; i++) {
		const struct component *c = &image.manifest.components[i];
		e = image_verify_component(c, s->bytes + c->offset);
	}
	return e;
}

/* A figure is worth something only if the verdict was the expected one. */
static void measure(const char *name, const struct subject *s, enum err expected)
{
	u64 best = ~0ULL;
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 start = now();
		enum err e = judge(s);
		u64 took = now() - start;
		if (e != expected) {
			fprintf(stderr, "verify_cost: %s: %s\n", name, err_text(e));
			exit(1);
		}
		best = took < best ? took : best;
	}
	printf("%s %llu\n", name, (unsigned long long)best);
}

static void hash_once(const struct subject *s)
{
	u64 best = ~0ULL;
	for (u32 i = 0; i < ROUNDS; i++) {
		u8 digest[SHA384_SIZE];
		u64 start = now();
		sha384_of(s->bytes, s->length, digest);
		u64 took = now() - start;
		best = took < best ? took : best;
	}
	printf("hash %llu\n", (unsigned long long)best);
}

int main(int argc, char **argv)
{
	static u8 image[IMAGE_MAX], anchor_bytes[ANCHOR_SIZE];
	static struct anchor anchor;
	size_t length, anchor_length;
	if (argc != 3) {
		fputs("usage: verify_cost ANCHOR IMAGE\n", stderr);
		return 2;
	}
	if (file_read(argv[1], anchor_bytes, sizeof(anchor_bytes), &anchor_length) || anchor_length != ANCHOR_SIZE ||
	        anchor_parse(anchor_bytes, &anchor) || file_read(argv[2], image, sizeof(image), &length)) {
		fputs("verify_cost: unusable anchor or image\n", stderr);
		return 1;
	}
	struct subject s = { image, length, &anchor.keys };
	hash_once(&s);
	measure("good", &s, OK);
	image[VERSION_AT] ^= 1;
	measure("malformed", &s, ERR_IMAGE_HEADER);
	image[VERSION_AT] ^= 1;
	/* The build id: any value is well formed, so only the signature tells. */
	image[load_le64(image + MANIFEST_OFFSET_AT) + BUILD_ID_AT] ^= 1;
	measure("forged", &s, ERR_SIGNATURE_WRONG);
	return 0;
}
