/*
 * The conversation over the control port: one request, its answer, events in between.
 * Trust: runs in the service VM.
 */
#ifndef SIGNET_AGENT_CONTROL_CHANNEL_H
#define SIGNET_AGENT_CONTROL_CHANNEL_H

#include "agent/control/frame.h"

#define CONTROL_PORT "/dev/signet/control"
/* Where signet-portd shares it. */
#define CONTROL_SOCKET "/run/signet/control"

struct channel {
	int fd;
	u32 tag; /* of the last request */
	bool broken; /* the port failed or speaks otherwise: nothing more can be asked */
	u32 have;
	u8 in[2 * CONTROL_REPLY_MAX];
	u8 out[CONTROL_REQUEST_MAX];
	u8 reply[CONTROL_REPLY_MAX]; /* body of the last answer */
	u32 reply_size;
};

/*
 * Opens path, a port or a Unix socket, and agrees on the version. A port that another program holds is waited for, a
 * few seconds. ERR_DEVICE: there is none; ERR_CONTROL_BUSY: held; ERR_CONTROL_KIND: no common version.
 */
enum err channel_open(struct channel *c, const char *path) MUST_CHECK;
void channel_close(struct channel *c);

/*
 * Asks and waits for the answer, which is then in reply. Returns what the hypervisor said, or ERR_IO, ERR_CONTROL_KIND
 * with broken set.
 */
enum err channel_ask(struct channel *c, enum control_kind kind, const struct frame_body *body) MUST_CHECK;
/* The same for an answer of exactly size bytes. size 0: an answer without a body. */
enum err channel_get(
        struct channel *c, enum control_kind kind, const void *body, u32 body_size, void *out, u32 size) MUST_CHECK;

#endif
