/* The guests there are, and their life but for the launch. Trust: in the TCB. */
#include "hv/guest/guest.h"

#include "hv/boot/layout.h"
#include "hv/guest/bzimage.h"
#include "hv/guest/linux.h"
#include "hv/guest/state.h"
#include "hv/vm/vcpu.h"
#include "hv/x86/clock.h"
#include "hv/x86/lock.h"
#include "lib/control/guest_limits.h"

#include "lib/print.h"

#include <string.h>

enum { NS_PER_SECOND = 1000000000 };
enum { GUEST_PAGES = (sizeof(struct guest) + POOL_PAGE - 1) / POOL_PAGE };
static_assert((u32)EXIT_KINDS <= CONTROL_EXITS_MAX && (u32)GUEST_MOST_VCPUS <= VM_VCPUS_MAX, "wire");

static struct guest *guests[GUESTS_MAX];
static u32 last_id;

const struct guest_observer *guest_observer;

struct guest *guest_from(u32 id)
{
	struct guest *best = NULL;

	for (u32 i = 0; i < GUESTS_MAX; i++) {
		struct guest *g = guests[i];
		if (g && !g->leaving && g->id >= id && (!best || g->id < best->id))
			best = g;
	}
	return best;
}

struct guest *guest_find(u32 id)
{
	struct guest *g = guest_from(id);

	return g && g->id == id ? g : NULL;
}

struct guest_changes *guest_changes(u32 *id)
{
	struct guest *g = guest_from(*id);

	if (!g)
		return NULL;
	*id = g->id;
	return &g->changes;
}

static bool is_name(const char name[CONTROL_NAME_SIZE])
{
	u32 n = 0;

	while (n < CONTROL_NAME_SIZE && name[n] > ' ' && name[n] <= '~')
		n++;
	return n && n < CONTROL_NAME_SIZE && bytes_are_zero((const u8 *)name + n, CONTROL_NAME_SIZE - n);
}

static enum err check(const struct control_create *c)
{
	bool good = is_name(c->name) && guest_memory_fits(c->memory) && c->vcpus && c->vcpus <= GUEST_MOST_VCPUS &&
	        c->disks <= CONTROL_DISKS_MAX && c->nets <= CONTROL_NETS_MAX && !c->pad && c->kernel >= BZIMAGE_HEAD &&
	        c->command_line <= LINUX_COMMAND_LINE_MAX;

	for (u32 i = 0; good && i < CONTROL_DISKS_MAX; i++) {
		const struct control_disk *d = &c->disk[i];
		good = (d->sectors != 0) == (i < c->disks) && d->read_only <= (i < c->disks) && !d->pad;
	}
	for (u32 i = 0; good && i < CONTROL_NETS_MAX; i++) {
		const struct control_net *n = &c->net[i];
		good = (i < c->nets || bytes_are_zero(n->mac, sizeof(n->mac))) && !n->pad;
	}
	return good ? OK : ERR_ARGUMENT;
}

/*
 * Parts are loaded at the end of the first piece of RAM, of so many bytes, in reach of kernels that want their ramdisk
 * below 2 GiB.
 */
static enum err place_parts(struct guest *g, u64 length)
{
	const struct control_create *c = &g->shape;
	u64 top = length < LINUX_RAMDISK_END ? length : LINUX_RAMDISK_END;

	if (!range_inside(LINUX_LOW_END, c->initramfs, top))
		return ERR_NO_MEMORY;
	u64 initramfs = (top - c->initramfs) & ~(POOL_PAGE - 1);
	if (!range_inside(LINUX_LOW_END, c->kernel, initramfs))
		return ERR_NO_MEMORY;
	g->part[CONTROL_INITRAMFS] = (struct guest_part){ initramfs, c->initramfs, 0 };
	g->part[CONTROL_KERNEL] = (struct guest_part){ (initramfs - c->kernel) & ~(POOL_PAGE - 1), c->kernel, 0 };
	g->part[CONTROL_COMMAND_LINE] = (struct guest_part){ LINUX_COMMAND_LINE, c->command_line, 0 };
	return OK;
}

/* Only what the parts and a kernel at its start want, in one piece if possible; the rest, and zeroing, come at launch.
 */
static enum err make(struct guest *g)
{
	const struct control_create *c = &g->shape;
	u64 wanted = align_up(c->kernel + c->initramfs, MIB(2)) + LINUX_ROOM, low = c->memory;
	enum err e;

	low = low < LINUX_HOLE ? low : LINUX_HOLE;
	g->taken = wanted < low ? wanted : low;
	/* Before pages are taken for parts that have no place there. */
	e = place_parts(g, g->taken);
	if (!e)
		e = vm_create(&guest_policy, c->vcpus, &g->vm);
	if (e)
		return e;
	g->vm->owner = g;
	e = vm_reserve_ram(g->vm, 0, g->taken);
	if (!e)
		e = place_parts(g, g->vm->memory[0].length);
	return e ? e : guest_add_devices(g);
}

/* The VM is not there, was never started, or has ended. */
static enum err discard(struct guest *g)
{
	enum err e = OK, given;

	if (g->vm) {
		guest_remove_devices(g);
		e = vm_destroy(g->vm);
	}
	for (u32 i = 0; i < GUESTS_MAX; i++)
		if (guests[i] == g)
			guests[i] = NULL;
	given = pool_give(&layout.pool, (u64)g, GUEST_PAGES);
	return e ? e : given;
}

enum err guest_create(const struct control_create *shape, u32 *id)
{
	u32 place = 0;
	enum err e = check(shape);

	while (place < GUESTS_MAX && guests[place])
		place++;
	if (e)
		return e;
	if (place == GUESTS_MAX || shape->memory / POOL_PAGE > layout.pool.free ||
	        !range_inside(shape->kernel, shape->initramfs, shape->memory))
		return ERR_NO_MEMORY;
	struct guest *g = (struct guest *)pool_take(&layout.pool, GUEST_PAGES, POOL_PAGE);
	if (!g)
		return ERR_NO_MEMORY;
	g->id = last_id + 1;
	g->shape = *shape;
	e = make(g);
	if (e)
		return discard(g) ? ERR_INTERNAL : e;
	guests[place] = g;
	last_id = *id = g->id;
	return OK;
}

enum err guest_stop(u32 id, u32 how)
{
	struct guest *g = guest_find(id);

	if (!g || how > CONTROL_STOP_NOW)
		return ERR_RANGE;
	/* A paused one cannot see its power button. */
	if (g->state != CONTROL_GUEST_RUNNING && (g->state != CONTROL_GUEST_PAUSED || how == CONTROL_STOP_BUTTON))
		return ERR_GUEST_STATE;
	if (how == CONTROL_STOP_BUTTON)
		power_press(&g->power);
	else
		vm_stop(g->vm, "stopped by order");
	return OK;
}

/* What the guest kept in memory is gone before anybody else gets the pages. */
static void scrub_and_discard(struct job *job)
{
	struct guest *g = (struct guest *)job;
	u32 id = g->id;

	for (u32 i = 0; i < g->vm->memory_count; i++)
		zero_in_pieces(g->vm->memory[i].window, g->vm->memory[i].length);
	hv_lock();
	guest_observer->done(CONTROL_DESTROY, id, discard(g));
	hv_unlock();
}

enum err guest_destroy(u32 id)
{
	struct guest *g = guest_find(id);

	if (!g)
		return ERR_RANGE;
	if (g->state != CONTROL_GUEST_NEW && g->state != CONTROL_GUEST_OFF)
		return ERR_GUEST_STATE;
	g->leaving = true;
	g->job.run = scrub_and_discard;
	worker_submit(&g->job);
	return OK;
}

enum err guest_next(u32 id, struct control_guest *out)
{
	const struct guest *g = guest_from(id);

	if (!g)
		return ERR_RANGE;
	u64 cycles = vm_cycles(g->vm), hz = clock_rate();
	*out = (struct control_guest){ .id = g->id,
		.state = g->state,
		.vcpus = g->shape.vcpus,
		.disks = g->shape.disks,
		.nets = g->shape.nets,
		.memory = g->shape.memory,
		.cpu_time = cycles / hz * NS_PER_SECOND + cycles % hz * NS_PER_SECOND / hz,
		.console_end = g->console_end };
	for (u32 kind = 0; kind < EXIT_KINDS; kind++)
		out->exits += vm_exits(g->vm, kind);
	memcpy(out->digest, g->digest, sizeof(out->digest));
	memcpy(out->name, g->shape.name, sizeof(out->name));
	format(out->reason, sizeof(out->reason), "%s", g->reason ? g->reason : "");
	return OK;
}

enum err guest_exits(u32 id, struct control_exits *out)
{
	const struct guest *g = guest_find(id);

	if (!g)
		return ERR_RANGE;
	*out = (struct control_exits){ .count = EXIT_KINDS };
	for (u32 kind = 0; kind < EXIT_KINDS; kind++)
		out->exits[kind] = vm_exits(g->vm, kind);
	return OK;
}
