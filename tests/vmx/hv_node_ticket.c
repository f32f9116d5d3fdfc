/*
 * With hv_node.c, on a fleet with the name `ticket`: a guest is refused before there is a ticket, runs under one, and
 * meets the end of each lease by its rule; and nobody else starts then. The fleet's one key has the private half 1 and
 * signs with the nonce 1, so that a signature is one addition: the public half is the curve's base point. Trust: test
 * code only.
 */
#include "tests/vmx/hv_node_ticket.h"

#include "hv/boot/panic.h"
#include "hv/guest/guest.h"
#include "hv/node/gate.h"
#include "hv/node/node.h"
#include "hv/node/state.h"
#include "hv/node/ticket.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "lib/bytes.h"
#include "lib/print.h"

#include <string.h>

enum { WORD = 48, KERNEL = 0x1000, CODE = 0x400, LEASE = 4, LOOK_US = 50000, SPINS = 20000 };

static const u8 order[WORD] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF,
	0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73 };

/* out = a + b modulo the group's order, both below it. */
static void add(const u8 a[WORD], const u8 b[WORD], u8 out[WORD])
{
	u32 carry = 0;
	int borrow = 0;
	u8 less[WORD];

	for (u32 i = WORD; i--;) {
		carry += (u32)a[i] + b[i];
		out[i] = (u8)carry;
		carry >>= 8;
	}
	for (u32 i = WORD; i--;) {
		int difference = (int)out[i] - order[i] - borrow;

		borrow = difference < 0;
		less[i] = (u8)difference;
	}
	if (carry || !borrow)
		memcpy(out, less, WORD);
}

static void sign(const u8 digest[SHA384_SIZE], u8 signature[P384_SIGNATURE_SIZE])
{
	memcpy(signature, node_fleet()->ca_key, WORD);
	add(signature, digest, signature + WORD);
}

static u8 ticket[TICKET_SIZE];

/* Its time beside that of one of the two signatures that it verifies; the TPM's part is over at once in the emulator.
 */
static enum err take_timed(const u8 digest[SHA384_SIZE])
{
	u64 start = read_time_stamp();
	enum err e = ticket_take(ticket, sizeof(ticket));
	u64 taken = read_time_stamp();

	if (!e)
		e = ecdsa_p384_verify(node_fleet()->ca_key, digest, ticket + TICKET_BODY_SIZE);
	say("payload: ticket took %lu, a signature %lu instructions", taken - start, read_time_stamp() - taken);
	return e;
}

static enum err take(enum ticket_rule rule)
{
	static u64 sequence;
	struct ticket t = { .rule = rule,
		.sequence = ++sequence,
		.lease = LEASE,
		.guests = 2,
		.vcpus = 2,
		.memory = MIB(64),
		.flags = TICKET_ANY_GUEST };
	struct leaf leaf = { .role = LEAF_TICKET, .epoch = 1 };
	u8 record[LEAF_RECORD_SIZE], digest[SHA384_SIZE];

	memcpy(t.node, state_node_id(), sizeof(t.node));
	memcpy(t.session, node_state.session, sizeof(t.session));
	memcpy(t.manifest, node_state.boot->manifest_digest, sizeof(t.manifest));
	if (ticket_challenge(t.challenge))
		return ERR_INTERNAL;
	memcpy(leaf.key, node_fleet()->ca_key, sizeof(leaf.key));
	leaf_encode(&leaf, record);
	leaf_digest(record, digest);
	sign(digest, record + LEAF_BODY_SIZE);
	ticket_encode(&t, record, ticket);
	ticket_digest(ticket, digest);
	sign(digest, ticket + TICKET_BODY_SIZE);
	return take_timed(digest);
}

/* --- guests --- */

/* As Linux' boot protocol wants a kernel's head; its code writes dots to the serial port for ever. */
static void make_kernel(u8 *kernel)
{
	static const u8 code[] = { 0xBA, 0xF8, 0x03, 0, 0, 0xB0, '.', 0xEE, 0xB9, SPINS & 0xFF, SPINS >> 8, 0, 0, 0xFF,
		0xC9, 0x75, 0xFC, 0xEB, 0xF4 };

	kernel[0x1F1] = 1;
	store_le16(kernel + 0x1FE, 0xAA55);
	kernel[0x201] = 0x66;
	store_le32(kernel + 0x202, 0x53726448);
	store_le16(kernel + 0x206, 0x20F);
	kernel[0x211] = 1;
	store_le32(kernel + 0x22C, 0x7FFFFFFF);
	store_le32(kernel + 0x230, 0x200000);
	kernel[0x234] = 1;
	store_le16(kernel + 0x236, 1);
	store_le32(kernel + 0x238, 2047);
	store_le64(kernel + 0x258, 0x1000000);
	store_le32(kernel + 0x260, 0x400000);
	/* One sector of set-up behind the first, and the 64-bit entry 512 bytes on. */
	memcpy(kernel + CODE + 0x200, code, sizeof(code));
}

static u32 started; /* the guest that was started last */
static u32 lives; /* the first one that did */
static enum err outcome;
static bool known;

static void done(u16 kind, u32 id, enum err e)
{
	(void)kind, (void)id;
	outcome = e;
	known = true;
}

static void changed(u32 id, enum control_change what)
{
	(void)id, (void)what;
}

static void start(void)
{
	static const struct guest_observer observer = { changed, done };
	static const struct control_create shape = { .name = "dots", .memory = MIB(32), .vcpus = 1, .kernel = KERNEL };
	static u8 kernel[KERNEL];
	enum err e;

	guest_observer = &observer;
	make_kernel(kernel);
	known = false;
	e = guest_create(&shape, &started);
	if (!e)
		e = guest_load(started, CONTROL_KERNEL, 0, kernel, KERNEL);
	if (!e)
		e = guest_start(started);
	if (e)
		stop(e);
}

static struct control_guest look(void)
{
	struct control_guest g = { 0 };

	if (guest_next(lives, &g))
		stop(ERR_INTERNAL);
	return g;
}

/* --- the course of it --- */

enum what { START, TAKE, LOOK, OVER, AGAIN, END };

static const struct step {
	enum what what;
	enum ticket_rule rule;
	const char *name;
} steps[] = {
	{ START, 0, "start-without" },
	{ TAKE, TICKET_KEEP, "ticket-keep" },
	{ START, 0, "start-under" },
	{ LOOK, 0, "under" },
	{ AGAIN, 0, "ticket-again" },
	{ OVER, 0, NULL },
	{ LOOK, 0, "kept" },
	{ START, 0, "start-kept" },
	{ TAKE, TICKET_PAUSE, "ticket-pause" },
	{ LOOK, 0, "runs-on" },
	{ OVER, 0, NULL },
	{ LOOK, 0, "paused" },
	{ START, 0, "start-paused" },
	{ TAKE, TICKET_STOP, "ticket-stop" },
	{ LOOK, 0, "goes-on" },
	{ OVER, 0, NULL },
	{ LOOK, 0, "ended" },
	{ START, 0, "start-ended" },
	{ END, 0, NULL },
};

static u32 at; /* in steps */
static bool begun;
static u64 due, seen;

/* Lock held. */
static void begin(const struct step *s)
{
	due = read_time_stamp() + clock_ticks(LOOK_US);
	if (s->what == START)
		start();
	else if (s->what == LOOK)
		seen = look().console_end;
	else if (s->what == OVER)
		due += node_gate.lease_end - read_time_stamp();
}

/* Lock held; false: not yet. */
static bool end(const struct step *s)
{
	if (s->what == START ? !known : read_time_stamp() < due)
		return false;
	if (s->what == START) {
		say("payload: %s error=%u", s->name, (u32)outcome);
		lives = lives || outcome ? lives : started;
	} else if (s->what == LOOK) {
		say("payload: look %s state=%u grows=%u", s->name, look().state, look().console_end > seen);
	}
	return true;
}

bool ticket_step(void)
{
	const struct step *s = &steps[at];

	if (s->what == END)
		return false;
	if (s->what == TAKE || s->what == AGAIN) {
		enum err e = s->what == TAKE ? take(s->rule) : ticket_take(ticket, sizeof(ticket));

		say("payload: %s error=%u", s->name, (u32)e);
		at++;
		return true;
	}
	hv_lock();
	if (!begun)
		begin(s);
	begun = !end(s);
	at += !begun;
	hv_unlock();
	return true;
}
