/*
 * An installation from afar: leaf by leaf, each verified before it is written, taken from the running slot where that
 * has it, resumed after any cut at the slot's mark (docs/states.md, "Installing"). Trust: outside the TCB; pure
 * over its ops. What is fetched is outside bytes until its digest is the signed one's.
 */
#ifndef SIGNET_UPDATE_TRANSFER_H
#define SIGNET_UPDATE_TRANSFER_H

#include "update/install.h"
#include "update/leaves.h"
#include "update/mark.h"

enum {
	TRANSFER_BATCH = 16, /* leaves fetched at once */
	TRANSFER_MARK = 64, /* leaves between two marks: 4 MiB */
	/* Leaves that the running slot lacked in a row, and how many for one that is still looked for in it then. */
	TRANSFER_MISSES = 16,
	TRANSFER_PROBE = 4,
	/* How often what does not read back as written is written once more. */
	TRANSFER_REPAIRS = 2,
};

struct transfer_count {
	u64 leaves, total; /* done, of how many */
	u64 resumed, reused, repaired; /* leaves */
	u64 fetched, written; /* bytes */
};

struct transfer_ops {
	/* The image's bytes from offset on, exactly n, at most TRANSFER_BATCH leaves. */
	enum err (*fetch)(void *context, u64 offset, u8 *out, size_t n);
	/* What the running slot may have of them (update/reuse.h); any error: nothing. */
	enum err (*reuse)(void *context, u64 offset, u8 *out, size_t n);
	/* Told after each batch. false: give up here; the mark stays. */
	bool (*proceed)(void *context, const struct transfer_count *count);
	void *context;
	u32 mark_every; /* leaves between two marks: TRANSFER_MARK */
};

/* What the caller has of the new image. */
struct transfer_source {
	const u8 *head; /* everything before the payload */
	size_t head_length;
	const u8 *leaves; /* their digests */
	size_t leaves_length;
};

struct transfer {
	struct install install;
	const struct transfer_ops *ops;
	const struct transfer_source *source;
	struct transfer_count count;
	u32 misses; /* in a row, in the running slot */
	u8 leaf[LEAF_SIZE];
	u8 batch[TRANSFER_BATCH * LEAF_SIZE];
};

/*
 * From the head to STAGED, or on from the mark of a transfer of the same image. What a mark claims is verified by the
 * read-back like everything else. ERR_UPDATE_CANCELLED; ERR_UPDATE_SOURCE: what was fetched
 * is not what was signed; leaves_verify's and install_begin's, before anything is touched; install_finish's when
 * repairs did not help; fetch's.
 */
enum err transfer_run(struct transfer *t, const struct install_target *target, const struct transfer_source *source,
        const struct transfer_ops *ops) MUST_CHECK;

#endif
