/*
 * virtio console with several ports and no console among them (virtio 1.2, section 5.3): byte streams, or messages,
 * between the service VM and parts of the hypervisor. Trust: in the TCB; pure. All that comes in is the VM's.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_CONSOLE_H
#define SIGNET_HV_DEV_VIRTIO_CONSOLE_H

#include "hv/dev/virtio.h"

enum { CONSOLE_PORTS = 3, CONSOLE_PIECE = 4096 };

/* Who is behind a port; all functions are there. */
struct console_user {
	const char *name; /* the driver shows it to its user space; at most 32 bytes */
	/* What is sent in one call fills one buffer of the driver, never two. */
	bool messages;
	void (*opened)(void);
	void (*closed)(void); /* also by a reset; only after opened() */
	/*
	 * At most CONSOLE_PIECE bytes; last: they end what the driver sent in one piece. Returns how many were taken:
	 * the others come again after console_resume().
	 */
	u32 (*bytes)(const u8 *bytes, u32 n, bool last);
	/* The driver has posted buffers: what console_send() left over may go now. */
	void (*room)(void);
};

struct console_port {
	bool opened; /* by the driver's side */
	bool refused; /* by ours, until the driver closes it */
	u32 telling; /* what the driver has not been told yet */
	bool busy; /* the user is being called, and may call back */
	bool sending; /* the driver has sent `request`, of which the user has taken `taken` bytes */
	struct virtq_chain request;
	u32 taken;
};

struct virtio_console {
	struct virtio virtio;
	const struct console_user *const *users; /* CONSOLE_PORTS of them */
	struct console_port port[CONSOLE_PORTS];
	u8 piece[CONSOLE_PIECE];
};

void virtio_console_init(struct virtio_console *c, const struct console_user *const users[CONSOLE_PORTS],
        struct guest_memory memory, struct irq_line irq);
/* Returns for how much the driver had buffers; the caller keeps the rest until room(). Nothing while it is not open. */
u32 console_send(struct virtio_console *c, u32 port, const void *bytes, u32 n);
/* The user can take bytes again. */
void console_resume(struct virtio_console *c, u32 port);
/* The driver's side broke the port's protocol: closed until it closes and opens it anew. closed() is called. */
void console_refuse(struct virtio_console *c, u32 port);
/* Nobody is behind the driver any more; closed() is called for what was open. */
void virtio_console_close(struct virtio_console *c);

#endif
