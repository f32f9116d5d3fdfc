/*
 * The port signet.control: frames of hv/control/wire.h in, answers and events out. One request is assembled at a time, in
 * one buffer; the next is read when its answer has left. All functions: lock held.
 * Trust: in the TCB; pure. Requests are the service VM's.
 */
#ifndef SIGNET_HV_CONTROL_CONTROL_H
#define SIGNET_HV_CONTROL_CONTROL_H

#include "hv/control/wire.h"
#include "hv/dev/virtio_console.h"
#include "lib/err.h"

enum { CONTROL_BODY_MAX = CONTROL_REPLY_MAX - sizeof(struct control_header) };

/* The answer being made: a handler puts its body here, or asks for it to be deferred. */
struct control_reply {
	u32 size; /* of body */
	bool deferred; /* answered by control_done(), without a body */
	u8 *body; /* room for CONTROL_BODY_MAX bytes */
};

/*
 * One kind of request: body sizes from least to most are let through, the body is aligned to 8 bytes. about: what
 * control_done() will name it by, if it may be deferred.
 */
typedef enum err control_handler(const void *body, u32 size, struct control_reply *reply);
struct control_row {
	u16 kind;
	u32 least, most;
	control_handler *handle;
};

/* The deferred request of this kind about this guest (0: none) is done. Ignored when nobody waits any more. */
void control_done(u16 kind, u32 guest, enum err e);
/* Tells of a change of a guest; at most one of each kind is on its way until the other side has looked. */
void control_changed(u32 guest, enum control_change what);

extern const struct console_user control_port;

#endif
