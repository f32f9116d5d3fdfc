/*
 * virtio console with one port (virtio 1.2, section 5.3). Trust: in the TCB; pure. Output is the guest's bytes.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_CONSOLE_H
#define SIGNET_HV_DEV_VIRTIO_CONSOLE_H

#include "hv/dev/virtio.h"

struct console_output {
	/* Takes what it has room for and returns how much; the rest is lost for this guest. */
	u32 (*put)(void *context, const u8 *bytes, u32 n);
	void *context;
};

struct virtio_console {
	struct virtio virtio;
	struct console_output output;
	u64 sent, dropped; /* bytes */
};

void virtio_console_init(struct virtio_console *c, struct console_output output, u16 columns, u16 rows,
        struct guest_memory memory, struct irq_line irq);
/* Input for the guest; returns how much it had buffers for, the caller keeps the rest. */
u32 virtio_console_input(struct virtio_console *c, const u8 *bytes, u32 n);

#endif
