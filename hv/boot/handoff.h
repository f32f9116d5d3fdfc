/*
 * Reading the hand-off tree (docs/handoff.md). The stage is trusted, but a tree that does not fit is not acted on.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_HANDOFF_H
#define SIGNET_HV_BOOT_HANDOFF_H

#include "image/format.h"
#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "secureboot/memory.h"
#include "update/authority.h"

enum { HANDOFF_TEXT_SIZE = 64, HANDOFF_LENGTH_MAX = 1 << 20, MAP_ROOM = MEMORY_MAP_MAX + 16 };

struct boot_component {
	struct memory_range content; /* length 0: not in this image */
	u64 memory_length; /* bytes from content.base that are its own */
	u8 digest[SHA384_SIZE];
};

/* The write authority as it stands on flash: not judged yet. */
struct boot_authority {
	u32 length; /* 0: none */
	u8 bytes[AUTHORITY_SIZE_MAX];
};

struct boot_info {
	u64 unread; /* what is told others: of its form alone */
	u32 reason, secure_boot;
	u32 slot; /* 0: a, 1: b */
	u32 firmware; /* 0: BIOS, 1: UEFI */
	char reason_text[HANDOFF_TEXT_SIZE];
	u8 policy_key[P256_KEY_SIZE]; /* X || Y, of the stage's own key manifest */
	struct boot_authority authority;
	char product[HANDOFF_TEXT_SIZE], release[HANDOFF_TEXT_SIZE];
	u32 svn, flags;
	u64 keys_version; /* of the key manifest that judged the image */
	u8 manifest_digest[SHA384_SIZE];
	struct boot_component component[COMPONENT_KIND_END]; /* by kind */
	struct memory_map map;
	struct memory_entry entries[MAP_ROOM]; /* the map's */
	u64 rsdp; /* 0: none */
	struct memory_range event_log;
	struct memory_range framebuffer; /* length 0: none */
	u32 width, height, stride;
	u32 console_port, console_baud; /* 0: none */
};

/*
 * Reads the length bytes at tree, which the stage keeps at physical address `at`. Every node and property is known,
 * there once and of its size; the map is sorted and without overlap; components, tree and log lie in stage memory and
 * apart from each other. ERR_BOOT_HANDOFF.
 */
enum err boot_info_read(struct boot_info *info, const void *tree, u64 length, u64 at) MUST_CHECK;

#endif
