/*
 * Guests by order of the service VM: made, loaded, measured, started, ended. Every field of an order is checked here;
 * what is found wrong changes nothing. A guest that has ended, also by its own reset, does not run again: it is made
 * anew, from parts that are measured anew.
 * Trust: in the TCB. Lock held for all functions.
 */
#ifndef SIGNET_HV_GUEST_GUEST_H
#define SIGNET_HV_GUEST_GUEST_H

#include "hv/dev/net_switch.h"
#include "lib/control/wire.h"
#include "lib/err.h"

/* Who is told of what happens later; as in hv/control/control.h. Set before the first guest is made. Lock held. */
struct guest_observer {
	void (*changed)(u32 id, enum control_change what);
	/* CONTROL_START and CONTROL_DESTROY, once for each that returned OK. */
	void (*done)(u16 kind, u32 id, enum err e);
};
extern const struct guest_observer *guest_observer;

/* What the service VM has not been told of a guest; told, and not to be told again before it is seen: by enum
 * control_change. */
struct guest_changes {
	u32 pending, told;
};
/* Of the guest with this id or the next one, whose id *id becomes. NULL: none. */
struct guest_changes *guest_changes(u32 *id);

/* Guests' network; port 0 is left to the uplink. */
extern struct net_switch guest_network;

/*
 * ERR_RANGE: no such guest, or beyond what was announced. ERR_ARGUMENT: a field that may not be. ERR_GUEST_STATE: not
 * now. ERR_NO_MEMORY: pages, ports of the switch, or places for guests.
 */
enum err guest_create(const struct control_create *shape, u32 *id) MUST_CHECK;
enum err guest_load(u32 id, u32 part, u64 offset, const u8 *bytes, u32 n) MUST_CHECK;
/* Hashes it, asks the gate, measures it, runs it: done() tells how that went. */
enum err guest_start(u32 id) MUST_CHECK;
enum err guest_stop(u32 id, u32 how) MUST_CHECK;
/* One that does not run. done() comes when its memory is scrubbed and given back. */
enum err guest_destroy(u32 id) MUST_CHECK;

/*
 * Holds guests that run or are paused to the gate, those with the lowest ids first: what it allows runs on, and of the
 * rest becomes what the ticket's rule says.
 */
void guests_enforce(void);

/* The guest with this id, or the next one. ERR_RANGE: none. */
enum err guest_next(u32 id, struct control_guest *out) MUST_CHECK;
enum err guest_exits(u32 id, struct control_exits *out) MUST_CHECK;
/* What it wrote from at->offset on, at most room bytes; at tells where they begin and how many they are. It
 * is seen with that. */
enum err guest_console_read(u32 id, struct control_bytes *at, u8 *to, u32 room) MUST_CHECK;
/* Input, all of it or none; ERR_NO_MEMORY: the guest has not read what came before. */
enum err guest_console_write(u32 id, const u8 *bytes, u32 n) MUST_CHECK;

#endif
