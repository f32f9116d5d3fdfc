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
	bool floors_lag; /* a floor index is torn or below the state record's copy; nv_commit repairs it */
	u8 newest; /* which of the two records state came from */
	struct boot_state state;
};

/* ERR_NV_FOREIGN, ERR_NV_DAMAGED, or the transport's. */
enum err nv_read_view(const struct nv_store *store, struct nv_view *out) MUST_CHECK;

/*
 * Makes next the state: writes it to the older record with the next sequence number (next's own is ignored), then
 * raises floor indices that lag behind it. Writes nothing where nothing differs. Floors below those in force are lifted
 * to them; below the view's own record is an attempt to lower (ERR_INTERNAL). After an error view holds what is known
 * to be written. ERR_NV_ABSENT when unprovisioned, ERR_NV_POLICY when not writable, or the transport's.
 */
enum err nv_commit(const struct nv_store *store, struct nv_view *view, const struct boot_state *next) MUST_CHECK;

/*
 * Enrolment's last step, on four defined indices none of whose state records was ever written: floors first, the state
 * last, so that a cut leaves the node unprovisioned, never damaged. ERR_STATE_TRANSITION when there is a state already,
 * ERR_NV_POLICY, or the transport's.
 */
enum err nv_initialise(const struct nv_store *store, struct nv_view *view, const struct boot_state *first) MUST_CHECK;

#endif
