/*
 * The port signet.control: frames of lib/control/wire.h in, answers and events out. One request is assembled at a time,
 * in one buffer; the next is read when its answer has left. All functions: lock held. Trust: in the TCB; pure. Requests
 * are the service VM's.
 */
#ifndef SIGNET_HV_CONTROL_CONTROL_H
#define SIGNET_HV_CONTROL_CONTROL_H

#include "hv/dev/virtio_console.h"
#include "lib/control/wire.h"
#include "lib/err.h"

enum { CONTROL_VERSION_LOWEST = 1, CONTROL_WAITING_MAX = 16 };

/* One request, its size allowed by its kind's row, and the body of its answer; both bodies are aligned to 8 bytes. */
struct control_call {
	u16 kind;
	const void *body;
	u32 size;
	u32 guest; /* that the body begins with, if it does */
	void *answer;
	u32 answer_size, room; /* as its row says, unless the handler says otherwise */
};
typedef enum err control_handler(struct control_call *call);

/* By files: status.c, guests.c, node.c. */
control_handler control_hello, control_status, control_messages, control_log, control_fleet;
control_handler control_guests, control_exits, control_create, control_load, control_start, control_stop,
        control_destroy, control_console_read, control_console_write;
control_handler control_slots, control_order, control_power, control_words;

/* The answer to a request that is answered later; guest is 0 when it is about none. Ignored when nobody waits. */
void control_done(u16 kind, u32 guest, enum err e);
/* The same with a body, of CONTROL_CHALLENGE_SIZE bytes, when e is OK; NULL: none. */
void control_answer(u16 kind, u32 guest, enum err e, const u8 *body);

/*
 * Tells of a change; of a guest's console again only after it was read, so that one that floods its console costs one
 * event.
 */
void control_changed(u32 guest, enum control_change what);

extern const struct console_user control_port;

#endif
