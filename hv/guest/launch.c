/*
 * From an order to the first instruction: loading, measuring in place, the gate. Nobody else reaches the memory that is
 * measured until the guest runs. Trust: in the TCB.
 */
#include "attest/launch.h"
#include "hv/guest/linux.h"
#include "hv/guest/state.h"
#include "hv/node/event.h"
#include "hv/node/gate.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "lib/print.h"

#include <string.h>

enum { HASH_CHUNK = 65536, MEMORY_STEP = 256 << 20, ZERO_CHUNK = 1 << 20 };

enum err guest_load(u32 id, u32 part, u64 offset, const u8 *bytes, u32 n)
{
	struct guest *g = guest_find(id);

	if (!g || part >= CONTROL_PARTS)
		return ERR_RANGE;
	struct guest_part *p = &g->part[part];
	if (g->state != CONTROL_GUEST_NEW)
		return ERR_GUEST_STATE;
	if (offset != p->loaded || n > p->length - offset)
		return ERR_RANGE;
	memcpy(g->vm->memory[0].window + p->at + offset, bytes, n);
	p->loaded += n;
	return OK;
}

void hash_in_pieces(const u8 *at, u64 length, u8 digest[SHA384_SIZE])
{
	struct sha384 h;

	sha384_init(&h);
	for (u64 done = 0; done < length; done += HASH_CHUNK) {
		sha384_update(&h, at + done, length - done < HASH_CHUNK ? length - done : HASH_CHUNK);
		worker_yield();
	}
	sha384_final(&h, digest);
}

void zero_in_pieces(u8 *at, u64 length)
{
	for (u64 done = 0; done < length; done += ZERO_CHUNK) {
		memset(at + done, 0, length - done < ZERO_CHUNK ? length - done : ZERO_CHUNK);
		worker_yield();
	}
}

static void hash_part(const struct guest *g, enum control_part part, u8 digest[SHA384_SIZE])
{
	hash_in_pieces(g->vm->memory[0].window + g->part[part].at, g->part[part].length, digest);
}

static enum err admit(struct guest *g)
{
	struct launch l = {
		.memory = g->shape.memory, .vcpus = g->shape.vcpus, .disks = g->shape.disks, .nets = g->shape.nets
	};

	hash_part(g, CONTROL_KERNEL, l.kernel);
	hash_part(g, CONTROL_INITRAMFS, l.initramfs);
	hash_part(g, CONTROL_COMMAND_LINE, l.command_line);
	launch_digest(&l, g->digest);
	hv_lock();
	struct ticket_load load = guest_load_with(g);
	hv_unlock();
	return node_admit_guest(g->digest, &load, g->id, g->shape.name);
}

/* In steps between which others get the lock. */
static enum err take_rest(struct guest *g)
{
	enum err e = OK;

	while (!e && g->taken < g->shape.memory) {
		u64 at = g->taken, left = (at < LINUX_HOLE ? LINUX_HOLE : UINT64_MAX) - at;
		left = left < g->shape.memory - at ? left : g->shape.memory - at;
		left = left < MEMORY_STEP ? left : MEMORY_STEP;
		hv_lock();
		e = vm_reserve_ram(g->vm, at < LINUX_HOLE ? at : at - LINUX_HOLE + LINUX_HIGH, left);
		hv_unlock();
		g->taken += left;
		worker_yield();
	}
	return e;
}

/* Whatever was in its pages before and is no part of it: of another guest, of firmware. */
static void zero_rest(const struct guest *g)
{
	static const u8 by_address[] = { CONTROL_COMMAND_LINE, CONTROL_KERNEL, CONTROL_INITRAMFS };
	const struct vm *vm = g->vm;
	u64 at = 0;

	static_assert(ARRAY_SIZE(by_address) == CONTROL_PARTS, "each part stays");
	for (u32 i = 0; i < CONTROL_PARTS; i++) {
		const struct guest_part *p = &g->part[by_address[i]];
		zero_in_pieces(vm->memory[0].window + at, p->at - at);
		at = p->at + p->length;
	}
	zero_in_pieces(vm->memory[0].window + at, vm->memory[0].length - at);
	for (u32 i = 1; i < vm->memory_count; i++)
		zero_in_pieces(vm->memory[i].window, vm->memory[i].length);
}

static enum err prepare(const struct guest *g, struct vmx_entry *entry)
{
	struct linux_boot b = { .ram = g->vm->memory[0].window,
		.ram_length = g->vm->memory[0].length,
		.memory = g->shape.memory,
		.part = g->part,
		.acpi = &g->acpi };

	*entry = (struct vmx_entry){ .mode = VMX_START_LONG,
		.cr3 = LINUX_TABLES,
		.gdt = LINUX_GDT,
		.gdt_limit = LINUX_GDT_LIMIT,
		.rsi = LINUX_ZERO_PAGE };
	return linux_prepare(&b, &entry->rip);
}

/* Lock held. While it was measured, a lease may have ended, or an event been lost. */
static enum err start(struct guest *g, const struct vmx_entry *entry)
{
	struct ticket_load load = guest_load_with(g);
	enum err e = gate_check(&node_gate, read_time_stamp(), g->digest, &load);

	return e ? e : vm_start(g->vm, entry);
}

static void launch(struct job *job)
{
	struct guest *g = (struct guest *)job;
	struct vmx_entry entry;
	enum err e = take_rest(g);

	if (!e) {
		zero_rest(g);
		e = admit(g);
	}
	if (!e)
		e = prepare(g, &entry);
	hv_lock();
	if (!e)
		e = start(g, &entry);
	g->state = e ? CONTROL_GUEST_OFF : CONTROL_GUEST_RUNNING;
	g->reason = e ? err_text(e) : NULL;
	say("guest %u: %s", g->id, e ? g->reason : "runs");
	guest_observer->done(CONTROL_START, g->id, e);
	hv_unlock();
}

enum err guest_start(u32 id)
{
	struct guest *g = guest_find(id);

	if (!g)
		return ERR_RANGE;
	for (u32 i = 0; i < CONTROL_PARTS; i++)
		if (g->state != CONTROL_GUEST_NEW || g->part[i].loaded != g->part[i].length)
			return ERR_GUEST_STATE;
	g->state = CONTROL_GUEST_STARTING;
	g->job.run = launch;
	worker_submit(&g->job);
	return OK;
}
