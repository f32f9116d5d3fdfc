/*
 * One update of this node: judged, downloaded or copied into the other slot, read back, staged (docs/states.md,
 * "Installing"). Starting it is somebody else's.
 * Trust: runs in the service VM. Whatever it gets wrong, the stage refuses the slot.
 */
#ifndef SIGNET_AGENT_UPDATE_UPDATE_H
#define SIGNET_AGENT_UPDATE_UPDATE_H

#include "agent/update/site.h"
#include "agent/update/source.h"
#include "update/transfer.h"

enum update_phase { UPDATE_JUDGING, UPDATE_TRANSFERRING, UPDATE_STAGED };

struct update_watch {
	/* Told of each step forward; count is all zero while judging. false: give up. */
	bool (*proceed)(void *context, enum update_phase phase, const struct transfer_count *count);
	void *context;
};

struct update {
	struct node *node;
	const struct update_source *source;
	const struct update_watch *watch;
	/* Digest of the manifest that is meant; NULL: whatever the source has. */
	const u8 *manifest;
	u64 now; /* Unix seconds; 0: this clock is not set */
	/* Filled in. */
	struct transfer_count count;
	char release[TEXT_SIZE + 1];
	u32 svn;
};

/* This machine's clock in Unix seconds; 0: it was never set, and expiry says nothing. */
u64 update_clock(void);

/*
 * parts: as for site_open(). site_open's and site_judge's errors, nothing touched; ERR_UPDATE_SOURCE: the source holds
 * another image than meant; transfer_run's.
 */
enum err update_run(struct update *u, const char *parts) MUST_CHECK;

#endif
