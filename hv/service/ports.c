/* The service VM's port policy. Trust: in the TCB; pure over struct port_access. */
#include "hv/service/ports.h"

enum { PIC_MASTER = 0x21, PIC_SLAVE = 0xA1, CMOS = 0x70, CMOS_INDEX = 0x7F };
enum { PM1_SCI = BIT(0), PM1_BUS_MASTER = BIT(1), PM1_SLEEP_TYPE_SHIFT = 10, PM1_SLEEP = BIT(13) };
enum { TOLD_FROM = 0x400, BARS_FROM = 0x1000 }; /* below are a PC's own devices; the chipset's */

static const struct port_range legacy[] = { { 0x1F0, 8 }, { 0x3F6, 1 }, { 0x170, 8 }, { 0x376, 1 } };

/* The clock's bytes, mostly with the century last, and its control registers; alarms, memory size and firmware's
 * settings are not among them. */
static const u8 clock_bytes[] = { 0x00, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x32 };

static bool touches(u16 a, u32 a_count, u16 b, u32 b_count)
{
	return a < b + b_count && b < a + a_count;
}

/* What firmware's tables tell does not open what is handled, or lies among a PC's own devices. */
static bool may_pass(const struct acpi_ports *acpi, u16 first, u32 count)
{
	bool handled = touches(first, count, PCI_CONFIG_PORT, 8) || touches(first, count, acpi->smi, 1);

	for (u32 i = 0; i < 2; i++)
		handled = handled || (acpi->control[i] && touches(first, count, acpi->control[i], 2));
	return !handled && first >= TOLD_FROM && first + count <= BUS_PORTS_END;
}

struct pass_list {
	const struct acpi_ports *acpi;
	struct port_range *range;
	u32 count;
};

static void pass(struct pass_list *list, u64 first, u64 count)
{
	if (list->count < PORT_RANGES_MAX && count && may_pass(list->acpi, (u16)first, (u32)count))
		list->range[list->count++] = (struct port_range){ (u16)first, (u32)count };
}

static void pass_bars(struct pass_list *list, const struct pci *pci)
{
	struct pci_place place;

	for (u32 i = 0; i < pci->count; i++) {
		for (u32 bar = 0; bar < PCI_BARS; bar++) {
			if (pci_place(&pci->function[i], bar, &place) && place.io && place.base >= BARS_FROM)
				pass(list, place.base, place.length);
		}
	}
}

u32 service_ports_pass(const struct acpi_ports *acpi, const struct pci *pci, struct port_range out[PORT_RANGES_MAX])
{
	struct pass_list list = { acpi, out, 0 };

	for (; list.count < ARRAY_SIZE(legacy); list.count++)
		out[list.count] = legacy[list.count];
	for (u32 i = 0; i < 2; i++) {
		pass(&list, acpi->event[i], acpi->event_length);
		pass(&list, acpi->gpe[i], acpi->gpe_length[i]);
	}
	pass(&list, acpi->timer, 4);
	pass_bars(&list, pci);
	return list.count;
}

static bool is_clock_byte(u8 index)
{
	for (u32 i = 0; i < ARRAY_SIZE(clock_bytes); i++) {
		if (clock_bytes[i] == index)
			return true;
	}
	return false;
}

static u64 cmos_read(void *device, u64 offset, u32 size)
{
	const struct service_ports *p = device;

	(void)size;
	if (offset == 0 || !is_clock_byte(p->cmos_index))
		return UINT64_MAX;
	p->access->out(CMOS, 1, p->cmos_index);
	return p->access->in(CMOS + 1, 1);
}

static void cmos_write(void *device, u64 offset, u32 size, u64 value)
{
	struct service_ports *p = device;

	(void)size;
	if (offset == 0) {
		p->cmos_index = value & CMOS_INDEX;
	} else if (is_clock_byte(p->cmos_index)) {
		p->access->out(CMOS, 1, p->cmos_index);
		p->access->out(CMOS + 1, 1, (u8)value);
	} else {
		bus_drop();
	}
}

/* S3 and S4 would take the hypervisor along; GBL_RLS is an SMI. */
static void power_write(struct service_ports *p, u16 port, u16 value)
{
	u8 type = value >> PM1_SLEEP_TYPE_SHIFT & 7;

	if (!(value & PM1_SLEEP))
		p->access->out(port, 2, (value & PM1_BUS_MASTER) | PM1_SCI);
	else if (p->has_off && type == p->off_type)
		p->access->power(POWER_OFF);
	else
		bus_drop();
}

static u64 control_read(void *device, u64 offset, u32 size)
{
	const struct service_ports *p = device;

	(void)offset, (void)size;
	return p->access->in(p->acpi.control[0], 2);
}

static void control_write(void *device, u64 offset, u32 size, u64 value)
{
	struct service_ports *p = device;

	(void)offset, (void)size;
	power_write(p, p->acpi.control[0], (u16)value);
}

static u64 mask_read(void *mask, u64 offset, u32 size)
{
	(void)offset, (void)size;
	return *(u8 *)mask;
}

static void mask_write(void *mask, u64 offset, u32 size, u64 value)
{
	(void)offset, (void)size;
	*(u8 *)mask = (u8)value;
}

static const struct bus_ops mask_ops = { mask_read, mask_write, 1 };
static const struct bus_ops cmos_ops = { cmos_read, cmos_write, 1 };
static const struct bus_ops control_ops = { control_read, control_write, 2 };

enum err service_ports_attach(struct service_ports *p, struct pci *pci, struct bus *bus)
{
	const struct bus_region regions[] = {
		{ PIC_MASTER, 1, &mask_ops, &p->pic_mask[0] },
		{ PIC_SLAVE, 1, &mask_ops, &p->pic_mask[1] },
		{ CMOS, 2, &cmos_ops, p },
		{ PCI_CONFIG_PORT, 4, &pci_address_ops, pci },
		{ PCI_CONFIG_PORT + 4, 4, &pci_data_ops, pci },
		{ p->acpi.control[0], 2, &control_ops, p },
	};

	/* PM1a is there or it is not; PM1b, where there is one, is nobody's. */
	return bus_add_ports(bus, regions, ARRAY_SIZE(regions) - !p->acpi.control[0]);
}
