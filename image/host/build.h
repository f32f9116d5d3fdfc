/*
 * Puts an unsigned image together: same inputs, same bytes. Components are streamed, the output appears whole or not at
 * all. Trust: runs where releases are made; its result means nothing until it is signed.
 */
#ifndef SIGNET_IMAGE_HOST_BUILD_H
#define SIGNET_IMAGE_HOST_BUILD_H

#include "image/host/file.h"
#include "image/verify.h"

struct build_component {
	const char *path; /* NULL: the image has no such component */
	u64 load_address; /* 0: anywhere */
	u64 memory_length; /* 0: as long as its content; for the hypervisor always what its header says */
};

struct build {
	/* Texts, SVN, flags, times, build id and stage version come from the caller; all else is filled in. */
	struct manifest manifest;
	u8 keys[IMAGE_KEYS_MAX];
	size_t keys_length;
	struct build_component components[COMPONENT_KIND_END]; /* by kind */
	const char *failed; /* the file an error is about, NULL when it is about none */
};

/*
 * ERR_ARGUMENT: no hypervisor, or a component's memory length does not hold it; ERR_IMAGE_HYPERVISOR; ERR_KEYS_*;
 * ERR_IMAGE_MANIFEST: a field is out of range; ERR_RANGE: too large; ERR_IO.
 */
enum err image_build(struct build *b, const char *path, const struct meter *meter) MUST_CHECK;

/* Bytes of all components, for a progress bar. ERR_IO, ERR_ARGUMENT (an empty file). */
enum err image_build_size(struct build *b, u64 *total) MUST_CHECK;

#endif
