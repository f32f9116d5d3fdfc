/*
 * Checks on the simulated node.
 * Trust: test code.
 */
#include "tests/sim/check.h"

#include "tests/sim/coverage.h"

#include <stdio.h>
#include <string.h>

enum { COMPLAINTS_SHOWN = 20 };

static struct {
	const char *scenario;
	u32 cut[2];
	enum tear tear[2];
	u32 shown;
	bool quiet;
} context;

void check_context(const char *scenario, u32 cut, enum tear tear, u32 second_cut, enum tear second_tear)
{
	context.scenario = scenario;
	context.cut[0] = cut;
	context.cut[1] = second_cut;
	context.tear[0] = tear;
	context.tear[1] = second_tear;
}

void check_quiet(bool quiet)
{
	context.quiet = quiet;
}

void check_that(struct node *n, bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	n->complaints++;
	if (context.quiet || context.shown++ >= COMPLAINTS_SHOWN)
		return;
	printf("# %s:%d: not so: %s\n#   %s, cut at %u %s, then at %u %s; slots %s %s; running %u (%s)\n", file, line,
	        what, context.scenario, context.cut[0], tear_name(context.tear[0]), context.cut[1],
	        tear_name(context.tear[1]), slot_state_name(n->up.view.state.slot[SLOT_A].state),
	        slot_state_name(n->up.view.state.slot[SLOT_B].state), n->up.choice.slot,
	        n->up.stopped ? err_text(n->up.stopped) : boot_reason_text(n->up.choice.reason));
}

static bool speaks_of_an_image(const struct slot_record *r)
{
	return r->state == SLOT_STAGED || r->state == SLOT_TRYING || r->state == SLOT_UNCONFIRMED ||
	        r->state == SLOT_GOOD;
}

/* What NV says, without the node noticing. */
static bool look(const struct node *n, struct nv_view *view)
{
	static struct power own;
	struct fake_nv nv = n->nv;
	struct nv_store store = fake_nv_store(&nv);

	power_on(&own, 0, TEAR_BEFORE);
	nv.power = &own;
	return nv_read_view(&store, view) == OK;
}

/* A release's first sector stands before that release alone: a loader or stage never even starts on half an image. */
static void check_headers(struct node *n)
{
	for (u8 i = 0; i < SLOTS; i++) {
		for (u32 r = 0; r < RELEASES && !n->damaged[i]; r++) {
			bool headed =
			        memcmp(n->flash.durable[i], release_image((enum release)r)->bytes, FLASH_SECTOR) == 0;

			CHECK(n, !headed || release_in(n->flash.durable[i]) != RELEASES);
		}
	}
}

void check_records(struct node *n)
{
	struct nv_view view;

	check_headers(n);
	if (!look(n, &view) || view.status != NV_PROVISIONED)
		return;
	coverage_states(&view.state);
	for (u8 i = 0; i < SLOTS; i++) {
		const struct slot_record *r = &view.state.slot[i];
		enum release held = release_in(n->flash.durable[i]);

		if (n->damaged[i] || !speaks_of_an_image(r))
			continue;
		CHECK(n, held != RELEASES);
		CHECK(n,
		        held != RELEASES &&
		                memcmp(release_image(held)->image.manifest_digest, r->digest, SHA384_SIZE) == 0);
	}
}

static void check_floors(struct node *n, const struct verified_image *booted)
{
	const struct nv_view *v = &n->up.view;

	CHECK(n, v->image_floor >= n->image_floor);
	CHECK(n, v->key_floor >= n->key_floor);
	CHECK(n, booted->manifest.svn >= v->image_floor);
	CHECK(n, booted->keys.version >= v->key_floor);
	n->image_floor = v->image_floor;
	n->key_floor = v->key_floor;
}

void check_boot(struct node *n, u32 flash_writes_before)
{
	enum release held;

	CHECK(n, n->up.stopped == OK);
	CHECK(n, n->flash.writes == flash_writes_before);
	CHECK(n, n->nv.refused == 0);
	if (n->up.stopped)
		return;
	/* No cut takes the state away. */
	CHECK(n, !n->provisioned || n->up.view.status == NV_PROVISIONED);
	n->provisioned = n->up.view.status == NV_PROVISIONED;
	held = release_in(n->flash.now[n->up.choice.slot]);
	CHECK(n, held != RELEASES);
	if (held != RELEASES)
		check_floors(n, &release_image(held)->image);
	check_records(n);
}

void check_settles(struct node *n)
{
	u32 writes;
	u8 slot;
	u32 boots = 0;

	do {
		writes = n->nv.writes;
		node_boot(n);
	} while (n->nv.writes != writes && ++boots < TRIES_MAX + 3);
	slot = n->up.choice.slot;
	node_boot(n);
	CHECK(n, n->nv.writes == writes);
	CHECK(n, n->up.choice.slot == slot);
}
