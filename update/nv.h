/*
 * The boot state as it stands in TPM NV: reading and judging the four indices, writing them so that a cut at any point
 * leaves a usable state (docs/states.md).
 * Trust: in the TCB. Pure over struct nv_store, which a TPM (update/nv_tpm.h) or the simulator stands behind.
 */
#ifndef SIGNET_UPDATE_NV_H
#define SIGNET_UPDATE_NV_H

#include "update/decide.h"

enum nv_index { NV_STATE_0, NV_STATE_1, NV_IMAGE_FLOOR, NV_KEY_FLOOR, NV_INDEXES };

enum { NV_HANDLE_BASE = 0x01805100 };

struct nv_store {
	/*
	 * Reads a whole index into out (room for STATE_RECORD_SIZE). ERR_NV_ABSENT: not defined or never written;
	 * ERR_NV_FOREIGN: defined otherwise than ours.
	 */
	enum err (*read)(void *context, enum nv_index index, u8 *out, size_t size);
	/* ERR_NV_POLICY when this boot may not write. */
	enum err (*write)(void *context, enum nv_index index, const u8 *bytes, size_t size);
	void *context;
	/* This boot satisfies the write policy. */
	bool writable;
};

struct nv_view {
	enum nv_status status;
	bool writable;
	u64 image_floor; /* in force: the higher of index and state record */
	u64 key_floor;
	u8 newest; /* which of the two records state came from */
	struct boot_state state;
};

/* ERR_NV_FOREIGN, ERR_NV_DAMAGED, or the transport's. */
enum err nv_read_view(const struct nv_store *store, struct nv_view *out) MUST_CHECK;

/*
 * Makes next the state: writes it to the older record with the next sequence number, then raises floor indices that
 * lag behind it. Refuses to lower a floor (ERR_INTERNAL). On success view holds it.
 */
enum err nv_commit(const struct nv_store *store, struct nv_view *view, const struct boot_state *next) MUST_CHECK;

#endif
