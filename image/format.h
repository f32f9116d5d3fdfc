/*
 * The signed image format (docs/format.md) as numbers: sizes, offsets, limits.
 * Trust: definitions only.
 */
#ifndef SIGNET_IMAGE_FORMAT_H
#define SIGNET_IMAGE_FORMAT_H

#include "lib/types.h"

#define IMAGE_MAGIC "SIGNET1" /* 8 bytes with its NUL */
#define MANIFEST_MAGIC "SIGNETM1" /* 8 bytes, no NUL, and so the next ones */
#define KEYS_MAGIC "SIGNETK1"
#define ANCHOR_MAGIC "SIGNETA1"
#define HYPERVISOR_MAGIC "SIGNETHV"
#define IMAGE_DOMAIN "signet image v1" /* 16 bytes with its NUL */
#define KEYS_DOMAIN "signet keys v1\0" /* 16 bytes with its NULs */

enum {
	MAGIC_SIZE = 8,
	DOMAIN_SIZE = 16,
	IMAGE_ALIGN = 4096,
	IMAGE_HEADER_SIZE = 4096,
	IMAGE_HEADER_FIELDS = 88, /* the signed part of the header */
	IMAGE_FORMAT_VERSION = 1,
	IMAGE_KEYS_MAX = 65536,
	IMAGE_MANIFEST_MAX = 65536,
	IMAGE_SIGNATURES_MAX = 65536,
	IMAGE_HEAD_MAX = IMAGE_HEADER_SIZE + IMAGE_KEYS_MAX + IMAGE_MANIFEST_MAX + IMAGE_SIGNATURES_MAX,

	MANIFEST_FIXED_SIZE = 288,
	COMPONENT_SIZE = 96,
	COMPONENTS_MAX = 16,
	LEAF_SIZE = 65536,
	TEXT_SIZE = 32,
	SVN_MAX = (1 << 24) - 1,
	/* A stolen release key must not be able to burn the whole range of versions in one update. */
	SVN_LEAP_MAX = 1024,

	KEYS_FIXED_SIZE = 48,
	KEY_ENTRY_SIZE = 104,
	KEYS_COUNT_MAX = 64,
	REVOKED_COUNT_MAX = 64,
	KEY_ID_SIZE = 32,
	KEYS_BODY_MAX = KEYS_FIXED_SIZE + KEYS_COUNT_MAX * KEY_ENTRY_SIZE + REVOKED_COUNT_MAX * KEY_ID_SIZE,

	SIGNATURE_LIST_HEADER = 8,
	SIGNATURE_ENTRY_HEADER = 40,
	SIGNATURES_COUNT_MAX = 64,

	ANCHOR_SIZE = 16384,
	ANCHOR_FIXED_SIZE = 64,
	ANCHOR_VERSION = 1,

	HYPERVISOR_HEADER_SIZE = 64,
	HANDOFF_VERSION = 1,
};

#define COMPONENT_MEMORY_MAX MIB(1024)

enum key_role { ROLE_ROOT = 1, ROLE_RELEASE = 2, ROLE_POLICY = 3 };

enum signature_algorithm { ALGORITHM_P384 = 1, ALGORITHM_LMS_RESERVED = 2, ALGORITHM_P256 = 3 };

enum component_kind {
	COMPONENT_HYPERVISOR = 1,
	COMPONENT_SERVICE_KERNEL = 2,
	COMPONENT_SERVICE_INITRAMFS = 3,
	COMPONENT_FLEET_CONFIG = 4,
	COMPONENT_MICROCODE = 5,
	COMPONENT_STAGE = 6,
	COMPONENT_KIND_END,
};

enum image_flag { IMAGE_DEVELOPMENT = 1, IMAGE_DEBUG = 2, IMAGE_FLAGS_KNOWN = 3 };

/* "hypervisor", "service-kernel", ...; NULL for an unknown kind. */
const char *component_name(u32 kind);
/* What a component's place in memory is a multiple of; the hypervisor's first page tables use 2 MiB pages. */
u64 component_alignment(u32 kind);

#endif
