/*
 * The service VM's ports and uplink. Trust: in the TCB; pure.
 */
#include "hv/control/ports.h"

#include "hv/control/block.h"
#include "hv/control/control.h"
#include "hv/dev/virtio_console.h"
#include "hv/dev/virtio_net.h"
#include "hv/guest/guest.h"
#include "hv/node/tpm_port.h"

#include <string.h>

enum { UPLINK = 0 };

struct virtio_console service_console;
static struct virtio_net uplink;
u32 ports_starts;

/* The TPM's answer that the driver has no buffer for yet, and whether the command that comes is too long already. */
static struct {
	u32 size;
	u8 answer[CONSOLE_PIECE];
	bool long_command;
} tpm;

static void tpm_room(void)
{
	if (console_send(&service_console, PORT_TPM, tpm.answer, tpm.size) == tpm.size) {
		tpm.size = 0;
		console_resume(&service_console, PORT_TPM);
	}
}

static void tpm_answer(const u8 *response, size_t n)
{
	tpm.size = (u32)n;
	memcpy(tpm.answer, response, n);
	tpm_room();
}

/* A command is what was written in one piece; of one that is too long, nothing is kept: it is answered as malformed. */
static u32 tpm_bytes(const u8 *bytes, u32 n, bool last)
{
	if (!last) {
		tpm.long_command = true;
		return n;
	}
	if (tpm.size || !tpm_port_command(bytes, tpm.long_command ? 0 : n))
		return 0;
	tpm.long_command = false;
	return n;
}

static void tpm_opened(void)
{
	tpm.size = 0;
	tpm.long_command = false;
	tpm_port_open();
}

static const struct console_user tpm_user = {
	.name = "signet.tpm",
	.messages = true,
	.opened = tpm_opened,
	.closed = tpm_port_close,
	.bytes = tpm_bytes,
	.room = tpm_room,
};

static const struct console_user *const users[CONSOLE_PORTS] = {
	[PORT_CONTROL] = &control_port,
	[PORT_TPM] = &tpm_user,
	[PORT_BLOCK] = &block_port,
};

enum err ports_attach(const struct ports_place *p)
{
	/* Locally administered; the service VM may use any other too. */
	static const u8 mac[MAC_SIZE] = { 0x02, 'S', 'I', 'G', 'N', 0 };

	static const struct guest_observer observer = { control_changed, control_done };

	ports_detach();
	guest_observer = &observer;
	tpm_port_init(tpm_answer);
	virtio_console_init(&service_console, users, p->memory, p->console_line);
	enum err e = virtio_attach(&service_console.virtio, p->bus, p->console);
	if (!e)
		e = virtio_net_init(&uplink, &guest_network, UPLINK, mac, true, p->memory, p->uplink_line);
	if (e)
		return e;
	ports_starts++;
	return virtio_attach(&uplink.virtio, p->bus, p->uplink);
}

void ports_detach(void)
{
	virtio_console_close(&service_console);
	switch_disconnect(&guest_network, UPLINK);
}
