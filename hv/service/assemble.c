/* What the service VM is made of. Trust: in the TCB; hardware access. */
#include "hv/boot/layout.h"
#include "hv/boot/smp.h"
#include "hv/control/ports.h"
#include "hv/dev/virtio.h"
#include "hv/service/machine.h"
#include "hv/service/service.h"
#include "hv/vm/vcpu.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/ioapic.h"

#include "lib/print.h"

#include <string.h>

/* In the hypervisor's own image, which is no memory of the service VM's and no device's: ours answer there. */
enum { OUR_IOAPIC = 0x0000, OUR_VIRTIO = 0x1000 };

enum { VIRTIO_CONSOLE, VIRTIO_UPLINK };

/* Every pin is masked, also of those that the service VM does not get. */
static void claim_ioapics(struct service *s)
{
	struct irq_machine *m = &s->interrupts;

	m->destination = (u8)smp.cpu[0]->apic_id;
	m->write = machine_ioapic_write;
	for (u32 i = 0; i < machine_acpi.ioapics; i++) {
		const struct acpi_ioapic *a = &machine_acpi.ioapic[i];
		u32 pins = machine_ioapic_claim(a->address);

		if (s->acpi.gsi_base < a->gsi_base + pins)
			s->acpi.gsi_base = a->gsi_base + pins;
		if (m->ioapics < IRQ_IOAPICS_MAX && m->ioapics == i && pins)
			m->ioapic[m->ioapics++] = (struct irq_ioapic){ a->address, a->gsi_base, pins };
	}
}

static void place_devices(struct service *s)
{
	u32 base = (u32)(u64)hv_head;

	s->acpi.ioapics = s->interrupts.ioapics;
	s->acpi.ioapic_base = base + OUR_IOAPIC;
	for (u32 i = 0; i < SERVICE_VIRTIO; i++) {
		u32 at = base + OUR_VIRTIO + i * (u32)POOL_PAGE;

		s->acpi.virtio[i] = (struct virtio_place){ at, VIRTIO_MMIO_SIZE, s->acpi.gsi_base + i };
	}
}

enum err service_find(struct service *s)
{
	struct acpi_table fadt = acpi_find(machine_acpi.table, machine_acpi.tables, "FACP");

	if (fadt.length < 44 || (u64)memory_end > UINT32_MAX)
		return ERR_RANGE;
	s->acpi.table = machine_acpi.table;
	s->acpi.tables = machine_acpi.tables;
	service_acpi_ports(&fadt, &s->ports.acpi);
	s->ports.access = &machine_ports;
	s->ports.has_off = service_acpi_off(&machine_acpi.dsdt, &s->ports.off_type);
	machine_take_power(&s->ports);
	claim_ioapics(s);
	place_devices(s);
	pci_scan(&s->pci, &machine_ports, s->function);
	say("service VM: %u PCI functions, %u left out; %u I/O APICs", s->pci.count, s->pci.left_out,
	        s->interrupts.ioapics);
	return OK;
}

enum err service_plan(struct service *s)
{
	struct memory_range denied[SERVICE_DENIED_MAX] = {
		{ layout.carve.base, layout.carve.length },
		{ layout.low, TRAMPOLINE_PAGES * POOL_PAGE },
		s->info->framebuffer,
	};
	u32 count = 3;

	for (u32 i = 0; i < machine_acpi.ioapics; i++)
		denied[count++] = (struct memory_range){ machine_acpi.ioapic[i].address, IOAPIC_SIZE };
	return service_memory_plan(&s->plan, &s->info->map, denied, count);
}

static enum err add_memory(struct service *s)
{
	struct ept_mapping m;
	/* Kernels search page 0; the machine's own is none that root mode could reach for it. */
	enum err e = vm_reserve_ram(s->vm, 0, POOL_PAGE);

	if (!e)
		memset(vm_memory(s->vm, 0, POOL_PAGE), 0, POOL_PAGE);
	for (u32 i = 0; !e && i < s->plan.map.count; i++) {
		if (service_memory_mapping(&s->plan, i, &m))
			e = vm_add_memory(s->vm, &m, service_memory_is_ram(&s->plan, &s->info->map, i));
	}
	return e;
}

/* Passed functions may share a page: it is there then. One that is not passed has its page to itself. */
static enum err add_registers(struct service *s)
{
	struct pci_place place;
	struct ept_mapping m;
	enum err e = OK;

	for (u32 i = 0; !e && i < s->pci.count * PCI_BARS; i++) {
		if (!pci_place(&s->function[i / PCI_BARS], i % PCI_BARS, &place) || place.io)
			continue;
		if (service_device_mapping(&s->plan, place.base, place.length, &m) &&
		        (m.length == place.length || !pci_others_in(&s->pci, m.host, m.length)))
			e = vm_add_memory(s->vm, &m, false);
		else
			say("service VM: registers at 0x%lx are not where devices are", (unsigned long)place.base);
		e = e == ERR_EPT_PRESENT ? OK : e;
	}
	return e;
}

static enum err add_ioapics(struct service *s)
{
	enum err e = OK;

	for (u32 i = 0; !e && i < s->interrupts.ioapics; i++) {
		const struct irq_ioapic *a = &s->interrupts.ioapic[i];

		e = vm_add_ioapic(
		        s->vm, a->address, a->gsi_base, a->pins < IOAPIC_PINS_MAX ? a->pins : IOAPIC_PINS_MAX);
	}
	if (!e)
		e = vm_add_ioapic(s->vm, s->acpi.ioapic_base, s->acpi.gsi_base, SERVICE_PINS);
	if (!e)
		service_irq_start(s->vm, &s->interrupts);
	return e;
}

static void put(void *context, u8 byte)
{
	struct service *s = context;
	u64 now = read_time_stamp() / clock_ticks(1000);
	u32 lost = s->lines.lost;

	if (!service_lines_put(&s->lines, byte, now))
		return;
	if (lost)
		say("service VM: %u lines left out", lost);
	say("service: %s", s->lines.text);
}

static enum err add_ports(struct service *s)
{
	struct port_range range[PORT_RANGES_MAX];
	u32 count = service_ports_pass(&s->ports.acpi, &s->pci, range);
	enum err e = service_ports_attach(&s->ports, &s->pci, &s->vm->bus);

	for (u32 i = 0; i < count; i++)
		vmx_io_pass(s->vm->io_bitmaps, range[i].first, range[i].count);
	uart_init(&s->uart, vm_line(s->vm, UART_GSI), (struct uart_sink){ put, s });
	return e ? e
	         : bus_add_ports(&s->vm->bus, &(struct bus_region){ UART_COM1, UART_PORTS, &uart_ops, &s->uart }, 1);
}

enum err service_assemble(struct service *s)
{
	enum err e = add_memory(s);

	if (!e)
		e = add_registers(s);
	if (!e)
		e = add_ioapics(s);
	if (!e)
		e = add_ports(s);
	return e ? e
	         : ports_attach(&(struct ports_place){ .bus = &s->vm->bus,
	                   .memory = vm_guest_memory(s->vm),
	                   .console = s->acpi.virtio[VIRTIO_CONSOLE].base,
	                   .uplink = s->acpi.virtio[VIRTIO_UPLINK].base,
	                   .console_line = vm_line(s->vm, s->acpi.virtio[VIRTIO_CONSOLE].gsi),
	                   .uplink_line = vm_line(s->vm, s->acpi.virtio[VIRTIO_UPLINK].gsi) });
}
