/*
 * Boots the simulated node through the stage itself (secureboot/stage.c), on a machine of one static arena.
 * Trust: test code.
 */
#include "secureboot/stage.h"

#include "tests/sim/check.h"
#include "tests/sim/coverage.h"

#include <string.h>

enum { ARENA_SIZE = 8 << 20, ARENA_ALIGN = 2 << 20 };

/* What one boot used and measured. */
static struct {
	u64 used;
	u32 events;
	u8 manifest[SHA384_SIZE];
} machine;

static _Alignas(ARENA_ALIGN) u8 arena[ARENA_SIZE];

static enum err allocate(u64 address, u64 length, u64 align, u8 **out)
{
	u64 at = align_up(machine.used, align);

	if (address != 0 || align > ARENA_ALIGN || !range_inside(at, length, ARENA_SIZE))
		return ERR_BOOT_MEMORY;
	machine.used = at + length;
	*out = arena + at;
	return OK;
}

/* A boot is short: what is given back is not used again. */
static void release(u8 *memory, u64 length)
{
	memset(memory, 0xdd, length);
}

static enum err measure(u32 pcr, const struct event *event)
{
	machine.events++;
	if (pcr == PCR_IMAGE && event->kind == EVENT_MANIFEST)
		memcpy(machine.manifest, event->digest, SHA384_SIZE);
	return OK;
}

static enum err finish(struct memory_entry *map, u32 *count, struct blob *log)
{
	map[0] = (struct memory_entry){ .base = 0, .length = MIB(512), .type = MEMORY_RAM };
	*count = 1;
	*log = (struct blob){ .bytes = arena, .length = 1 };
	return OK;
}

static struct platform platform_of(const struct node *n)
{
	struct platform p = {
		.uefi = true,
		.secure_boot = true,
		.tpm_interface = "tis",
		.allocate = allocate,
		.release = release,
		.measure = measure,
		.finish = finish,
	};

	for (u8 i = 0; i < SLOTS; i++)
		p.loaded.slot[i] = (struct blob){ .bytes = n->flash.now[i], .length = SLOT_SIZE };
	return p;
}

/* What would be jumped to is the hypervisor of a whole release, and that release was measured. */
static void check_started(struct node *n, const struct stage_result *result)
{
	enum release r = release_in(n->flash.now[result->choice.slot]);
	const struct verified_image *image;
	const struct component *hypervisor;

	CHECK(n, r != RELEASES);
	if (r == RELEASES)
		return;
	image = &release_image(r)->image;
	hypervisor = manifest_find(&image->manifest, COMPONENT_HYPERVISOR);
	CHECK(n, memcmp(machine.manifest, image->manifest_digest, SHA384_SIZE) == 0);
	CHECK(n,
	        memcmp((const u8 *)result->entry - HYPERVISOR_HEADER_SIZE, release_image(r)->bytes + hypervisor->offset,
	                hypervisor->length) == 0);
	n->up.image = *image;
}

void node_boot(struct node *n)
{
	static struct anchor anchor;
	static struct stage_result result;
	struct nv_store store = fake_nv_store(&n->nv);
	u32 flash_writes = n->flash.writes;
	struct platform p = platform_of(n);

	memcpy(n->flash.now, n->flash.durable, sizeof(n->flash.now));
	check_records(n);
	memset(&machine, 0, sizeof(machine));
	anchor = release_anchor();
	n->up.stopped = stage_run(&p, &anchor, &store, &result);
	if (n->up.stopped == OK) {
		n->up.choice = result.choice;
		n->up.view = result.nv;
		check_started(n, &result);
	}
	coverage_boot(&n->up);
	check_boot(n, flash_writes);
}
