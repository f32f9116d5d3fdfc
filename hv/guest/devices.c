/* A guest's devices and where they are. Trust: in the TCB. */
#include "hv/control/block.h"
#include "hv/guest/state.h"
#include "hv/guest/wall_clock.h"
#include "hv/x86/cpu.h"

enum { IOAPIC_PINS = 32, IOAPIC_ID = 0xFE, VIRTIO_GSI = 16, VIRTIO_STEP = 0x1000 };
#define VIRTIO_BASE 0xFEB00000u

struct net_switch guest_network;

static u32 random(u8 *to, u32 n)
{
	u32 done = 0;
	u64 value;

	while (done < n && read_random(&value))
		for (u32 i = 0; i < sizeof(value) && done < n; i++, value >>= 8)
			to[done++] = (u8)value;
	return done;
}

static void ended(void *context, enum power_event event)
{
	struct guest *g = context;

	vm_stop(g->vm, event == POWER_OFF ? "switched itself off" : "reset itself");
}

/* The next of its virtio devices: a place for the tables to tell, on the bus once it is set up. */
static struct irq_line next_place(struct guest *g)
{
	u32 n = g->acpi.virtio_count++;

	g->acpi.virtio[n] = (struct virtio_place){ VIRTIO_BASE + n * VIRTIO_STEP, VIRTIO_MMIO_SIZE, VIRTIO_GSI + n };
	return vm_line(g->vm, VIRTIO_GSI + n);
}

static enum err attach(struct guest *g, struct virtio *v)
{
	return virtio_attach(v, &g->vm->bus, g->acpi.virtio[g->acpi.virtio_count - 1].base);
}

/* Port 0 is the uplink's. */
static enum err add_net(struct guest *g, struct virtio_net *n, const u8 mac[MAC_SIZE])
{
	u32 port = 1;

	while (port < SWITCH_PORTS_MAX && guest_network.port[port].deliver)
		port++;
	if (port == SWITCH_PORTS_MAX)
		return ERR_NO_MEMORY;
	enum err e = virtio_net_init(n, &guest_network, port, mac, false, vm_guest_memory(g->vm), next_place(g));
	return e ? e : attach(g, &n->virtio);
}

static enum err add_disk(struct guest *g, u32 i)
{
	const struct control_disk *d = &g->shape.disk[i];
	struct virtio_blk *b = &g->disk[i];

	virtio_blk_init(b, block_carrier(g->id, i, b), d->sectors, d->read_only, vm_guest_memory(g->vm), next_place(g));
	return attach(g, &b->virtio);
}

static enum err add_virtio(struct guest *g)
{
	virtio_rng_init(&g->rng, random, vm_guest_memory(g->vm), next_place(g));
	enum err e = attach(g, &g->rng.virtio);

	for (u32 i = 0; !e && i < g->shape.nets; i++)
		e = add_net(g, &g->net[i], g->shape.net[i].mac);
	for (u32 i = 0; !e && i < g->shape.disks; i++)
		e = add_disk(g, i);
	return e;
}

enum err guest_add_devices(struct guest *g)
{
	const struct bus_region ports[] = {
		{ UART_COM1, UART_PORTS, &uart_ops, &g->uart },
		{ RTC_PORT, RTC_PORTS, &rtc_ops, &g->rtc },
		{ POWER_PORT, POWER_PORTS, &power_ops, &g->power },
	};
	struct vm *vm = g->vm;
	enum err e = vm_add_ioapic(vm, IOAPIC_BASE, 0, IOAPIC_PINS);

	g->acpi = (struct guest_acpi){ .vcpus = g->shape.vcpus, .ioapic_base = IOAPIC_BASE, .ioapic_id = IOAPIC_ID };
	uart_init(&g->uart, vm_line(vm, UART_GSI), (struct uart_sink){ guest_console_put, g });
	g->rtc = (struct rtc){ .now = wall_clock };
	g->power = (struct power){ .line = vm_line(vm, POWER_GSI), .ended = ended, .context = g };
	if (!e)
		e = bus_add_ports(&vm->bus, ports, ARRAY_SIZE(ports));
	return e ? e : add_virtio(g);
}

/* Those that were not added are all zero: of no network, and unknown to the carrier. */
void guest_remove_devices(struct guest *g)
{
	for (u32 i = 0; i < CONTROL_NETS_MAX; i++)
		if (g->net[i].port && guest_network.port[g->net[i].port].context == &g->net[i])
			switch_disconnect(&guest_network, g->net[i].port);
	for (u32 i = 0; i < CONTROL_DISKS_MAX; i++)
		block_detach(&g->disk[i]);
}
