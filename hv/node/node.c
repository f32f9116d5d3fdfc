/*
 * What this boot stands for, found out and measured before anybody else runs.
 * Trust: in the TCB; hardware access.
 */
#include "hv/node/node.h"

#include "hv/boot/console.h"
#include "hv/boot/panic.h"
#include "hv/boot/screen.h"
#include "hv/node/gate.h"
#include "hv/node/log.h"
#include "hv/node/random.h"
#include "hv/node/slots.h"
#include "hv/node/state.h"
#include "hv/node/ticket.h"
#include "hv/node/tpm.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/bytes.h"
#include "lib/print.h"

#include <string.h>

enum { CRYPTO_HEAP = KIB(16) };

static const struct boot_info *boot;
static struct fleet fleet;
static u64 started; /* TSC */
static u8 crypto_heap[CRYPTO_HEAP];

/* Measured and said. */
static void declare(enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text)
{
	struct event event;

	node_event_init(&event, kind, digest, first, second, text);
	must(node_measure(PCR_DECISIONS, &event));
	say("node: %s", text);
}

static void make_session(void)
{
	u8 digest[SHA384_SIZE] = { 0 };
	char hex[2 * ATTEST_ID_SIZE + 1], text[EVENT_TEXT_SIZE];

	must(node_random(node_state.session));
	memcpy(digest, node_state.session, ATTEST_ID_SIZE);
	hex_encode(hex, node_state.session, ATTEST_ID_SIZE);
	format(text, sizeof(text), "boot session %s", hex);
	declare(EVENT_SESSION, digest, 0, 0, text);
}

static void read_fleet(void)
{
	const struct boot_component *c = &boot->component[COMPONENT_FLEET_CONFIG];
	const u8 *bytes = (const u8 *)c->content.base;
	u8 digest[SHA384_SIZE];

	if (!c->content.length)
		return;
	sha384_of(bytes, c->content.length, digest);
	must(digest_equal(digest, c->digest, SHA384_SIZE) ? OK : ERR_IMAGE_CONTENT);
	must(fleet_read(&fleet, bytes, c->content.length, boot->flags & IMAGE_DEVELOPMENT));
	node_state.epoch = fleet.epoch;
	if (fleet.console_port && !console_serial(fleet.console_port, fleet.console_baud))
		say("node: no UART answers at port 0x%x: the console stays", fleet.console_port);
	say("node: fleet %s", fleet.name);
}

static void set_gate(void)
{
	const struct gate gate = {
		.ungated = fleet.ungated, .development = boot->flags & IMAGE_DEVELOPMENT, .measured = true
	};
	const char *closed =
	        fleet.name[0] ? "a guest needs a ticket" : "no fleet configuration, so no guest will start";
	const char *text = gate.ungated ? "UNGATED: guests start without a ticket" : closed;

	declare(EVENT_GATE, boot->component[COMPONENT_FLEET_CONFIG].digest, gate.ungated, gate.development, text);
	screen_set(SCREEN_VERDICT, text);
	node_gate = gate;
}

static void show_node(void)
{
	char hex[2 * NODE_ID_SIZE + 1] = "not provisioned";

	if (!bytes_are_zero(state_node_id(), NODE_ID_SIZE))
		hex_encode(hex, state_node_id(), NODE_ID_SIZE);
	screen_set(SCREEN_NODE, hex);
}

static void declare_rest(void)
{
	static const char *const builds[IMAGE_FLAGS_KNOWN + 1] = { "production image", "development image",
		"debug image", "development and debug image" };

	declare(EVENT_BUILD, NULL, boot->flags, 0, builds[boot->flags & IMAGE_FLAGS_KNOWN]);
	declare(EVENT_DMA, NULL, 0, 0, "NO DMA PROTECTION: a device reaches all memory");
}

void node_start(const struct boot_info *info)
{
	boot = info;
	started = read_time_stamp();
	crypto_heap_init(crypto_heap, sizeof(crypto_heap));
	must(node_tpm_start());
	must(node_log_start(info));
	make_session();
	read_fleet();
	declare_rest();
	must(slots_start(info));
	show_node();
	set_gate();
}

const struct fleet *node_fleet(void)
{
	return &fleet;
}

size_t node_fleet_read(u64 offset, u8 *out, size_t room, u64 *end)
{
	const struct boot_component *c = &boot->component[COMPONENT_FLEET_CONFIG];

	*end = c->content.length;
	if (offset >= *end)
		return 0;
	size_t n = room < *end - offset ? room : (size_t)(*end - offset);
	memcpy(out, (const u8 *)c->content.base + offset, n);
	return n;
}

static u32 flags(void)
{
	return (fleet.ungated ? CONTROL_UNGATED : 0) | (boot->flags & IMAGE_DEVELOPMENT ? CONTROL_DEVELOPMENT : 0) |
	        (slots_provisioned() ? CONTROL_PROVISIONED : 0) | (node_state.view.writable ? CONTROL_NV_WRITABLE : 0) |
	        (boot->firmware ? CONTROL_MEASURED_FIRMWARE : 0) | (boot->secure_boot ? CONTROL_SECURE_BOOT : 0);
}

void node_status(struct control_status *out)
{
	u64 now = read_time_stamp(), second = clock_ticks(1000000), end = node_state.deadline;

	memcpy(out->session, node_state.session, sizeof(out->session));
	memcpy(out->node, state_node_id(), sizeof(out->node));
	memcpy(out->manifest, boot->manifest_digest, sizeof(out->manifest));
	out->slot = boot->slot;
	out->reason = boot->reason;
	out->svn = boot->svn;
	out->flags = flags();
	ticket_status(out);
	out->uptime = (now - started) / clock_ticks(1) * 1000;
	out->trial_left = end > now ? (end - now + second - 1) / second : 0;
	memcpy(out->product, boot->product, sizeof(out->product));
	memcpy(out->release, boot->release, sizeof(out->release));
	memcpy(out->reason_text, boot->reason_text, sizeof(out->reason_text));
}
