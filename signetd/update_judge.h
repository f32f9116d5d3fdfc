/*
 * Whether a node would take an image, as far as the fleet server knows the node: asked before anything is sent to it,
 * by the code that will judge it there (image/judge.c). Trust: spares downloads; the node's stage decides. Pure.
 */
#ifndef SIGNET_SIGNETD_UPDATE_JUDGE_H
#define SIGNET_SIGNETD_UPDATE_JUDGE_H

#include "attest/reference.h"
#include "image/anchor.h"
#include "signetd/storage_nodes.h"

struct update_facts {
	const struct node_entry *node;
	const struct verified_image *image;
	const struct anchor *anchor; /* of the nodes' stage */
	u32 allowed_flags; /* by the fleet's policy for this class of hardware */
	u32 stage_version; /* UINT32_MAX: not known */
	u64 now; /* Unix seconds */
	bool under_way; /* another update of this node has not ended */
	bool fell_back; /* it tried this image last time, and fell back */
	bool force; /* ordered all the same */
};

/* OK, or an error that update/refusal.h knows. */
enum err update_judge(const struct update_facts *f) MUST_CHECK;

#endif
