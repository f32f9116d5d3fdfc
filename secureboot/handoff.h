/*
 * The hand-off tree: what the hypervisor is told (docs/handoff.md).
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_SECUREBOOT_HANDOFF_H
#define SIGNET_SECUREBOOT_HANDOFF_H

#include "image/verify.h"
#include "secureboot/platform.h"
#include "update/decide.h"
#include "update/nv.h"

/* Room that is enough for every tree: the largest memory map is 12 KiB of it. */
enum { HANDOFF_SIZE = 32768 };

struct handoff {
	const struct platform *platform;
	const struct nv_view *nv;
	const u8 *policy_key; /* P-256, X || Y */
	const struct boot_choice *choice;
	const struct verified_image *image;
	u8 *const *component; /* where each of the manifest's components lies */
	const struct memory_entry *map;
	u32 map_count;
	struct blob log;
	u32 serial_port; /* 0: none */
	u32 serial_baud;
};

/* Writes the tree into room bytes. ERR_BOOT_HANDOFF. */
enum err handoff_write(const struct handoff *h, u8 *out, size_t room, size_t *length) MUST_CHECK;

#endif
