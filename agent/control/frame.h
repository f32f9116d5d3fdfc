/*
 * Frames of the control port (lib/control/wire.h), as the service VM makes and takes them.
 * Trust: pure. The hypervisor is believed, its framing is checked all the same: a confused stream must be noticed.
 */
#ifndef SIGNET_AGENT_CONTROL_FRAME_H
#define SIGNET_AGENT_CONTROL_FRAME_H

#include "lib/control/wire.h"
#include "lib/err.h"

/* What goes behind a header: a fixed part and bytes. Either may be empty. */
struct frame_body {
	const void *fixed;
	u32 fixed_size;
	const void *bytes;
	u32 size;
};

/* The length of the request written to out, 0 when it would be longer than a frame may be. */
u32 frame_request(
        u8 out[CONTROL_REQUEST_MAX], enum control_kind kind, u32 tag, const struct frame_body *body) MUST_CHECK;

/* Looks at the start of what came in. ERR_RANGE: not all there yet; ERR_CONTROL_KIND: no frame of ours, give up. */
enum err frame_peek(const u8 *bytes, u32 have, struct control_header *out) MUST_CHECK;

/* The body of a reply, whose bytes lie behind a fixed part of fixed_size. ERR_CONTROL_KIND when it is shorter. */
enum err frame_split(const u8 *body, u32 size, void *fixed, u32 fixed_size, const u8 **bytes, u32 *n) MUST_CHECK;

#endif
