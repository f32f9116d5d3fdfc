/*
 * In the place of hv/boot/run.c: no service VM; guests straight from the image's service kernel and initramfs, one for
 * each line `VCPUS MEBIBYTES NETS ENDLESS COMMAND LINE` of a list that takes the place of microcode. What they write
 * comes out line by line with their number. Who asks for the power button gets it pressed once all the endless ones are
 * at their work; those are stopped when nobody else is left. When all have ended, so does this. Trust: test code only.
 */
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/guest/guest.h"
#include "hv/node/gate.h"
#include "hv/node/node.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/vmx/machine.h"
#include "hv/x86/lock.h"
#include "tests/vmx/audit/vms.h"

#include "lib/print.h"

#include <string.h>

enum { GUESTS = 12, LINE = 200 };

/* What a guest has written since its last end of line. */
static struct {
	u64 seen;
	char text[LINE];
	u32 length;
} line[GUESTS + 1];
static bool waits[GUESTS + 1];
static u32 there, endless, begun;
static u64 pages_before;

static void press_buttons(void)
{
	for (u32 id = 1; id <= GUESTS && begun == endless; id++) {
		if (waits[id])
			must(guest_stop(id, CONTROL_STOP_BUTTON));
		waits[id] = false;
	}
}

static void heard(u32 id, const char *text)
{
	say("[%u] %s", id, text);
	begun += !strcmp(text, "guest: never ends");
	waits[id] = waits[id] || !strcmp(text, "guest: waits for the button");
	press_buttons();
}

static void put(u32 id, char c)
{
	if (c == '\n' || line[id].length == LINE - 1) {
		line[id].text[line[id].length] = 0;
		line[id].length = 0;
		heard(id, line[id].text);
	}
	if (c >= ' ')
		line[id].text[line[id].length++] = c;
}

static void report_exits(u32 id)
{
	struct control_exits exits;
	struct control_guest guest;
	char text[LINE], digest[2 * sizeof(guest.digest) + 1];
	size_t n = 0;

	must(guest_exits(id, &exits));
	must(guest_next(id, &guest));
	for (u32 kind = 0; kind < exits.count; kind++)
		if (exits.exits[kind])
			n += format(text + n, sizeof(text) - n, " %u:%lu", kind, (unsigned long)exits.exits[kind]);
	hex_encode(digest, guest.digest, sizeof(guest.digest));
	say("linux test: guest %u measured %s", id, digest);
	say("linux test: guest %u had %lu ms, exits by kind%s", id, (unsigned long)(guest.cpu_time / 1000000), text);
}

static void changed(u32 id, enum control_change what)
{
	struct control_bytes at = { .offset = line[id].seen };
	u8 bytes[64];

	if (what == CONTROL_STATE) {
		report_exits(id);
		must(guest_destroy(id));
		return;
	}
	must(guest_console_read(id, &at, bytes, sizeof(bytes)));
	for (u32 i = 0; i < at.length; i++)
		put(id, (char)bytes[i]);
	line[id].seen = at.offset + at.length;
}

static void stop_rest(void)
{
	struct control_guest g;

	for (u32 id = 1; !guest_next(id, &g); id = g.id + 1)
		must(guest_stop(g.id, CONTROL_STOP_NOW));
}

static void done(u16 kind, u32 id, enum err e)
{
	say("linux test: guest %u: %s: %s", id, kind == CONTROL_START ? "start" : "destroy", e ? err_text(e) : "good");
	there -= kind == CONTROL_DESTROY;
	if (there && there == endless)
		stop_rest();
	if (!there)
		say("linux test: done, %lu pages not given back", (unsigned long)(pages_before - layout.pool.free));
}

static u64 number(const char **at)
{
	u64 value = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		value = value * 10 + (u64)(**at - '0');
	++*at;
	return value;
}

static void load(u32 id, enum control_part part, const void *bytes, u64 n)
{
	must(guest_load(id, part, 0, bytes, (u32)n));
}

static void make(const struct boot_info *info, const char *at, u64 length)
{
	const struct memory_range *kernel = &info->component[COMPONENT_SERVICE_KERNEL].content,
	                          *initramfs = &info->component[COMPONENT_SERVICE_INITRAMFS].content;
	const char *end = at + length;
	struct control_create c = { .name = "guest", .vcpus = (u32)number(&at) };
	u32 id;

	c.memory = MIB(number(&at));
	c.nets = (u32)number(&at);
	endless += (u32)number(&at);
	c.kernel = kernel->length;
	c.initramfs = initramfs->length;
	c.command_line = (u64)(end - at);
	for (u32 i = 0; i < c.nets; i++)
		memcpy(c.net[i].mac, (u8[]){ 2, 0, 0, 0, (u8)i, (u8)there + 1 }, MAC_SIZE);
	must(guest_create(&c, &id));
	load(id, CONTROL_KERNEL, (const void *)kernel->base, kernel->length);
	load(id, CONTROL_INITRAMFS, (const void *)initramfs->base, initramfs->length);
	load(id, CONTROL_COMMAND_LINE, at, c.command_line);
	must(guest_start(id));
	there++;
}

static void make_guests(const struct boot_info *info)
{
	static const struct guest_observer observer = { changed, done };
	const struct memory_range *list = &info->component[COMPONENT_MICROCODE].content;
	const char *at = (const char *)list->base, *end = at + list->length;

	guest_observer = &observer;
	vm_audits_start();
	pages_before = layout.pool.free;
	for (const char *next; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		make(info, at, (u64)(next - at));
	}
}

_Noreturn void hv_run(const struct boot_info *info)
{
	hv_root_mode();
	node_start(info);
	/* Tickets are not what is tested here. */
	node_gate = (struct gate){ .ungated = true, .development = true, .measured = true };
	hv_lock();
	make_guests(info);
	hv_unlock();
	smp_leave(dispatch);
}
