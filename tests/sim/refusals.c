/*
 * Installations that must be refused, each with its own error, beside the neighbour that passes.
 * Trust: test code.
 */
#include "tests/sim/check.h"
#include "tests/sim/scenarios.h"

#include <string.h>

static u8 forged[SLOT_SIZE];

/* Slot A runs RELEASE_NEW, with the floor at its SVN; B is empty. */
static void committed(struct node *n)
{
	struct boot_state first = { .image_floor = 11, .key_floor = 1 };

	node_place(n, SLOT_A, RELEASE_NEW);
	first.slot[SLOT_A].state = SLOT_GOOD;
	memcpy(first.slot[SLOT_A].digest, release_image(RELEASE_NEW)->image.manifest_digest, SHA384_SIZE);
	CHECK(n, node_reread(n) == OK);
	CHECK(n, node_enrol(n, &first) == OK);
	node_boot(n);
	memcpy(forged, release_image(RELEASE_NEXT)->bytes, sizeof(forged));
}

/* Refused with that error, and nothing was touched: neither flash nor NV. */
static void refused_untouched(struct node *n, u8 slot, enum release r, const u8 *head, enum err wanted)
{
	u32 writes = n->nv.writes + n->flash.writes;

	CHECK(n, node_install_head(n, slot, r, head) == wanted);
	CHECK(n, n->nv.writes + n->flash.writes == writes);
}

static void neighbour_passes(struct node *n)
{
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEXT) == OK);
	node_boot(n);
	CHECK(n, n->up.choice.reason == REASON_TRIAL);
}

static void bad_heads(struct node *n)
{
	const struct image_layout *l = &release_image(RELEASE_NEXT)->image.layout;

	forged[l->manifest_offset + 100] ^= 1;
	refused_untouched(n, SLOT_B, RELEASE_NEXT, forged, ERR_SIGNATURE_WRONG);
	forged[l->manifest_offset + 100] ^= 1;
	forged[0] ^= 1;
	refused_untouched(n, SLOT_B, RELEASE_NEXT, forged, ERR_IMAGE_ABSENT);
	forged[0] ^= 1;
	/* Of another image than the leaves. */
	refused_untouched(n, SLOT_B, RELEASE_NEW, forged, ERR_IMAGE_MERKLE);
	refused_untouched(n, SLOT_A, RELEASE_NEXT, forged, ERR_ARGUMENT);
	refused_untouched(n, SLOT_NONE, RELEASE_NEXT, forged, ERR_ARGUMENT);
	neighbour_passes(n);
}

static void below_the_floor(struct node *n)
{
	refused_untouched(n, SLOT_B, RELEASE_OLD, release_image(RELEASE_OLD)->bytes, ERR_IMAGE_FLOOR);
	neighbour_passes(n);
}

/* A fleet server that sends something else, or ends in the middle: nothing is staged, and the next one resumes. */
static void bad_source(struct node *n)
{
	struct transfer_count count;

	n->fetch_fault = FETCH_WRONG;
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == ERR_UPDATE_SOURCE);
	n->fetch_fault = FETCH_BREAKS;
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == ERR_IO);
	CHECK(n, n->up.view.state.slot[SLOT_B].state == SLOT_WRITING);
	node_boot(n);
	CHECK(n, n->up.choice.slot == SLOT_A);
	n->fetch_fault = FETCH_WELL;
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
	node_boot(n);
	CHECK(n, n->up.choice.reason == REASON_TRIAL);
}

/* A mark over a slot that holds nothing costs repairs, and stages nothing that is not there. */
static void lying_mark(struct node *n)
{
	struct transfer_count count;
	struct transfer_mark mark = { .leaves = RELEASE_LEAVES };

	memcpy(mark.manifest, release_image(RELEASE_NEXT)->image.manifest_digest, SHA384_SIZE);
	mark_encode(&mark, n->flash.now[SLOT_B]);
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
	CHECK(n, count.resumed == RELEASE_LEAVES && count.repaired == RELEASE_LEAVES);
	node_boot(n);
	CHECK(n, n->up.choice.reason == REASON_TRIAL);
}

/* A stick that swallows one write of a transfer: found by the read-back, and written once more. */
static void swallowed_writes(struct node *n)
{
	struct transfer_count count;
	u32 before = n->flash.writes, all;

	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
	all = n->flash.writes - before;
	/* The first two leaves share a step, and a mark. */
	CHECK(n, all == 3 + RELEASE_LEAVES + 2);
	/* Not the first: it zeroes a header that was never there; nor the last, after which nothing is written. */
	for (u32 i = 2; i < all; i++) {
		memset(n->flash.now[SLOT_B], 0, SLOT_SIZE);
		memset(n->flash.durable[SLOT_B], 0, SLOT_SIZE);
		n->flash.drop = n->flash.writes + i;
		CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
		CHECK(n, release_in(n->flash.durable[SLOT_B]) == RELEASE_NEXT);
	}
	n->flash.drop = 0;
	node_boot(n);
	CHECK(n, n->up.choice.reason == REASON_TRIAL);
}

const struct scenario refusals[] = {
	{ "row20_bad_heads_are_refused_before_anything_is_touched", committed, bad_heads },
	{ "row14_below_the_floor_is_refused_before_anything_is_touched", committed, below_the_floor },
	{ "row17_other_bytes_than_the_signed_ones_are_not_written", committed, bad_source },
	{ "row20_a_mark_that_lies_stages_nothing_that_is_not_there", committed, lying_mark },
	{ "row19_swallowed_writes_of_a_transfer_are_repaired", committed, swallowed_writes },
};
const u32 refusal_count = ARRAY_SIZE(refusals);
