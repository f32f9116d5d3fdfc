/*
 * virtio console with ports. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio_console.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum {
	/* Port 0 has queues 0 and 1, then come the control queues, then each port's two (5.3.2). */
	CONTROL_RECEIVE = 2,
	CONTROL_TRANSMIT = 3,
	FEATURE_MULTIPORT = BIT(1),
	CONFIG_PORTS = 4,
	CONFIG_SIZE = 12,
	/* A control message: port, event, value; the name follows in PORT_NAME. */
	MESSAGE = 8,
	MESSAGE_EVENT = 4,
	MESSAGE_VALUE = 6,
	NAME_MAX = 32,
	/* The most that Linux' driver writes in one piece. */
	REQUEST_MAX = 32768,
};

enum console_event {
	DEVICE_READY = 0,
	PORT_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	PORT_NAME = 7,
};

/* Every port has two queues, and so has control. */
#define QUEUES (2u * (CONSOLE_PORTS + 1))
static_assert(QUEUES <= VIRTIO_QUEUES_MAX, "queues of all ports");

static u32 receive_queue(u32 port)
{
	return port ? 2 * port + 2 : 0;
}

/* A buffer too small for what goes into it in one piece is the driver's breach. */
static bool put(struct virtio_console *c, u32 queue, const struct virtq_chain *chain, const void *bytes, u32 n)
{
	if (n && virtq_write(&c->virtio.memory, chain, 0, bytes, n)) {
		virtio_push(&c->virtio, queue, chain, n);
		return true;
	}
	virtio_break(&c->virtio);
	return false;
}

static u32 make_message(const struct virtio_console *c, u32 port, enum console_event event, u8 *message)
{
	const char *name = event == PORT_NAME ? c->users[port]->name : "";
	u32 n = MESSAGE;

	store_le32(message, port);
	store_le16(message + MESSAGE_EVENT, (u16)event);
	store_le16(message + MESSAGE_VALUE, event != PORT_OPEN || !c->port[port].refused);
	while (*name && n < MESSAGE + NAME_MAX)
		message[n++] = (u8)*name++;
	return n;
}

/* What the driver has buffers for; a port is added before it is named, named before it is opened. */
static void tell(struct virtio_console *c)
{
	static const u8 order[] = { PORT_ADD, PORT_NAME, PORT_OPEN };
	struct virtq_chain chain;
	u8 message[MESSAGE + NAME_MAX];

	for (u32 i = 0; i < CONSOLE_PORTS * ARRAY_SIZE(order); i++) {
		u32 port = i / ARRAY_SIZE(order);
		u32 event = order[i % ARRAY_SIZE(order)];
		if (!(c->port[port].telling & BIT(event)))
			continue;
		if (!virtio_pop(&c->virtio, CONTROL_RECEIVE, &chain))
			return;
		c->port[port].telling &= ~BIT(event);
		u32 n = make_message(c, port, event, message);
		if (!put(c, CONTROL_RECEIVE, &chain, message, n))
			return;
	}
}

/* What was under way in either direction is forgotten. */
static void close_port(struct virtio_console *c, u32 port)
{
	struct console_port *p = &c->port[port];

	if (p->opened) {
		p->opened = false;
		c->users[port]->closed();
	}
}

/* What was written before is not for whoever opens next. */
static void drain(struct virtio_console *c, u32 port)
{
	struct console_port *p = &c->port[port];
	u32 queue = receive_queue(port) + 1;

	for (u32 i = 0; i < VIRTQ_SIZE_MAX && (p->sending || virtio_pop(&c->virtio, queue, &p->request)); i++) {
		p->sending = false;
		virtio_push(&c->virtio, queue, &p->request, 0);
	}
}

static void open_port(struct virtio_console *c, u32 port, bool open)
{
	struct console_port *p = &c->port[port];

	if (p->opened == open && !p->refused)
		return;
	close_port(c, port);
	drain(c, port);
	if (open && !p->refused) {
		p->opened = true;
		c->users[port]->opened();
	} else if (p->refused) {
		p->refused = false;
		p->telling |= BIT(PORT_OPEN);
	}
}

/* Events that are not for us to get change nothing (5.3.6.2). */
static void control(struct virtio_console *c, u32 port, u16 event, u16 value)
{
	if (event == DEVICE_READY && value) {
		for (u32 i = 0; i < CONSOLE_PORTS; i++)
			c->port[i].telling |= BIT(PORT_ADD);
	} else if (event == PORT_READY && value && port < CONSOLE_PORTS) {
		c->port[port].telling |= BIT(PORT_NAME) | BIT(PORT_OPEN);
	} else if (event == PORT_OPEN && port < CONSOLE_PORTS) {
		open_port(c, port, value);
	}
	tell(c);
}

static bool take_control(void *device, const struct virtq_chain *chain)
{
	struct virtio_console *c = device;
	u8 message[MESSAGE];

	if (!virtq_read(&c->virtio.memory, chain, 0, message, MESSAGE))
		return false;
	virtio_push(&c->virtio, CONTROL_TRANSMIT, chain, 0);
	control(c, load_le32(message), load_le16(message + MESSAGE_EVENT), load_le16(message + MESSAGE_VALUE));
	return true;
}

/* Hands on the request until its end; false: the user wants to wait. */
static bool hand_on(struct virtio_console *c, u32 port)
{
	struct console_port *p = &c->port[port];
	u32 all = p->request.readable_bytes;

	while (p->taken < all) {
		u32 n = all - p->taken < CONSOLE_PIECE ? all - p->taken : CONSOLE_PIECE;
		if (!virtq_read(&c->virtio.memory, &p->request, p->taken, c->piece, n)) {
			virtio_break(&c->virtio);
			return false;
		}
		p->busy = true;
		u32 taken = p->opened ? c->users[port]->bytes(c->piece, n, p->taken + n == all) : n;
		p->busy = false;
		p->taken += taken;
		if (taken < n && p->opened)
			return false;
	}
	return true;
}

void console_resume(struct virtio_console *c, u32 port)
{
	struct console_port *p = &c->port[port];
	u32 queue = receive_queue(port) + 1, i;

	for (i = 0; i < VIRTIO_BATCH && !p->busy; i++) {
		if (!p->sending) {
			if (!virtio_pop(&c->virtio, queue, &p->request))
				return;
			if (p->request.readable_bytes > REQUEST_MAX) {
				virtio_break(&c->virtio);
				return;
			}
			p->sending = true;
			p->taken = 0;
		}
		if (!hand_on(c, port))
			return;
		p->sending = false;
		virtio_push(&c->virtio, queue, &p->request, 0);
	}
	if (i == VIRTIO_BATCH)
		virtio_later(&c->virtio, queue);
}

u32 console_send(struct virtio_console *c, u32 port, const void *bytes, u32 n)
{
	const u8 *from = bytes;
	struct virtq_chain chain;
	u32 done = 0;

	while (done < n && c->port[port].opened && virtio_pop(&c->virtio, receive_queue(port), &chain)) {
		bool split = !c->users[port]->messages && chain.writable_bytes < n - done;
		u32 length = split ? chain.writable_bytes : n - done;
		if (!put(c, receive_queue(port), &chain, from + done, length))
			break;
		done += length;
	}
	return done;
}

void console_refuse(struct virtio_console *c, u32 port)
{
	c->port[port].refused = true;
	c->port[port].telling |= BIT(PORT_OPEN);
	close_port(c, port);
	tell(c);
}

static void notify(void *device, u32 queue)
{
	struct virtio_console *c = device;
	u32 port = queue < CONTROL_RECEIVE ? 0 : queue / 2 - 1;

	if (queue == CONTROL_RECEIVE)
		tell(c);
	else if (queue == CONTROL_TRANSMIT)
		virtio_batch(&c->virtio, queue, take_control);
	else if (queue % 2)
		console_resume(c, port);
	else if (c->port[port].opened)
		c->users[port]->room();
}

static void reset(void *device)
{
	struct virtio_console *c = device;

	for (u32 i = 0; i < CONSOLE_PORTS; i++)
		close_port(c, i);
	memset(c->port, 0, sizeof(c->port));
}

void virtio_console_close(struct virtio_console *c)
{
	reset(c);
	c->virtio.status = 0;
}

void virtio_console_init(struct virtio_console *c, const struct console_user *const users[CONSOLE_PORTS],
        struct guest_memory memory, struct irq_line irq)
{
	static const struct virtio_class class = {
		.device_id = VIRTIO_ID_CONSOLE,
		.queues = QUEUES,
		.config_size = CONFIG_SIZE,
		.features = FEATURE_MULTIPORT,
		.notify = notify,
		.reset = reset,
	};

	memset(c, 0, sizeof(*c));
	virtio_init(&c->virtio, &class, c, memory, irq);
	c->users = users;
	store_le32(c->virtio.config + CONFIG_PORTS, CONSOLE_PORTS);
}
