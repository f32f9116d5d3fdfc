/*
 * virtio console. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio_console.h"

#include "lib/bytes.h"

enum {
	RECEIVE = 0,
	TRANSMIT = 1,
	FEATURE_SIZE = BIT(0),
	FEATURE_EMERGENCY_WRITE = BIT(2),
	CONFIG_COLUMNS = 0,
	CONFIG_ROWS = 2,
	CONFIG_EMERGENCY_WRITE = 8,
	CONFIG_SIZE = 12,
	PIECE = 256,
	/* More of one buffer is dropped: a guest's output must not hold the processor. */
	REQUEST_MAX = 16 * 1024,
};

static void output(struct virtio_console *c, const u8 *bytes, u32 n)
{
	u32 taken = c->output.put(c->output.context, bytes, n);

	c->sent += taken;
	c->dropped += n - taken;
}

static bool transmit(struct virtio_console *c, const struct virtq_chain *chain)
{
	u32 n = chain->readable_bytes < REQUEST_MAX ? chain->readable_bytes : REQUEST_MAX;

	for (u32 done = 0; done < n; done += PIECE) {
		u8 piece[PIECE];
		u32 length = n - done < PIECE ? n - done : PIECE;
		if (!virtq_read(&c->virtio.memory, chain, done, piece, length))
			return false;
		output(c, piece, length);
	}
	c->dropped += chain->readable_bytes - n;
	return true;
}

static void notify(void *device, u32 queue)
{
	struct virtio_console *c = device;
	struct virtq_chain chain;

	for (u32 i = 0; queue == TRANSMIT && i < VIRTQ_SIZE_MAX && virtio_pop(&c->virtio, queue, &chain); i++) {
		if (transmit(c, &chain))
			virtio_push(&c->virtio, queue, &chain, 0);
		else
			virtio_break(&c->virtio);
	}
}

/* One character from a kernel that has no queues yet, or no more. */
static void config_written(void *device, u32 offset, u32 size, u32 value)
{
	u8 byte = (u8)value;

	(void)size;
	if (offset == CONFIG_EMERGENCY_WRITE)
		output(device, &byte, 1);
}

u32 virtio_console_input(struct virtio_console *c, const u8 *bytes, u32 n)
{
	struct virtq_chain chain;
	u32 done = 0;

	while (done < n && virtio_pop(&c->virtio, RECEIVE, &chain)) {
		u32 length = n - done < chain.writable_bytes ? n - done : chain.writable_bytes;
		/* A buffer without room would be taken for ever. */
		if (length == 0 || !virtq_write(&c->virtio.memory, &chain, 0, bytes + done, length)) {
			virtio_break(&c->virtio);
			break;
		}
		virtio_push(&c->virtio, RECEIVE, &chain, length);
		done += length;
	}
	return done;
}

void virtio_console_init(struct virtio_console *c, struct console_output out, u16 columns, u16 rows,
        struct guest_memory memory, struct irq_line irq)
{
	static const struct virtio_class class = {
		.device_id = VIRTIO_ID_CONSOLE,
		.queues = 2,
		.config_size = CONFIG_SIZE,
		.features = FEATURE_SIZE | FEATURE_EMERGENCY_WRITE,
		.notify = notify,
		.config_written = config_written,
	};

	virtio_init(&c->virtio, &class, c, memory, irq);
	c->output = out;
	c->sent = c->dropped = 0;
	store_le16(c->virtio.config + CONFIG_COLUMNS, columns);
	store_le16(c->virtio.config + CONFIG_ROWS, rows);
}
