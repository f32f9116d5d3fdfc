/*
 * The service VM's devices that the hypervisor makes: one virtio console with the ports signet.control, signet.tpm and
 * signet.block (docs/control.md), and the uplink of the guests' switch. All functions: lock held.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_CONTROL_PORTS_H
#define SIGNET_HV_CONTROL_PORTS_H

#include "hv/dev/bus.h"
#include "hv/dev/guest_memory.h"
#include "hv/dev/irq.h"
#include "hv/dev/virtio_console.h"

/* Numbers are the ports' in the driver; it finds them by name. */
enum port { PORT_CONTROL, PORT_TPM, PORT_BLOCK };

/* Where they are in the service VM: VIRTIO_MMIO_SIZE bytes each, lines level. */
struct ports_place {
	struct bus *bus;
	struct guest_memory memory;
	u64 console, uplink;
	struct irq_line console_line, uplink_line;
};

/* Once for each start of the service VM, before its first instruction. Errors: bus_add()'s, switch_connect()'s. */
enum err ports_attach(const struct ports_place *place) MUST_CHECK;
/* The service VM is gone: ports close, guests' unanswered block requests wait for the next one. Harmless when detached.
 */
void ports_detach(void);
/* How often the service VM was started. */
extern u32 ports_starts;

/* For console_send() and the like, by enum port; nothing comes of them while it is detached. */
extern struct virtio_console service_console;

#endif
