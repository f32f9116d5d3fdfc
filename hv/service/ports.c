/* The service VM's port policy. Trust: in the TCB; pure over struct port_access. */
#include "hv/service/ports.h"

#include "hv/dev/rtc.h"

enum {
	KEYBOARD_COMMAND = 0x64,
	RESET_PULSE = 0xF0, /* F0h-FFh: lines that are pulsed, bit 0 clear: reset */
	SYSTEM_CONTROL = 0x92,
	FAST_RESET = BIT(0),
	FAST_A20 = BIT(1),
	RESET_CPU = BIT(2), /* of CF9h */
	CMOS = 0x70,
	CMOS_INDEX = 0x7F,
	PM1_SCI = BIT(0),
	PM1_BUS_MASTER = BIT(1),
	PM1_SLEEP_TYPE_SHIFT = 10,
	PM1_SLEEP = BIT(13),
	BARS_FROM = 0x1000, /* below are the chipset's own */
};

static const struct port_range legacy[] = { { 0x1F0, 8 }, { 0x3F6, 1 }, { 0x170, 8 }, { 0x376, 1 } };

/* Whatever firmware's tables say: they are handled or nobody's. The hypervisor's console is among them, wherever it is.
 */
static const struct port_range never[] = {
	{ 0x000, 0x20 }, /* DMA */
	{ 0x020, 2 }, /* PIC */
	{ 0x040, 4 }, /* PIT */
	{ 0x060, 5 }, /* keyboard controller, NMI status */
	{ 0x070, 8 }, /* CMOS */
	{ 0x080, 0x20 }, /* DMA pages, 92h */
	{ 0x0A0, 2 },
	{ 0x0B2, 2 }, /* SMI */
	{ 0x0C0, 0x20 }, /* DMA */
	{ 0x2E8, 8 }, /* serial ports */
	{ 0x2F8, 8 },
	{ 0x3E8, 8 },
	{ 0x3F8, 8 },
	{ 0xCF8, 8 },
};

/* The clock's bytes and its two control registers; alarms, memory size and firmware's settings are not among them. */
static const u8 clock_bytes[] = { 0x00, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, RTC_CENTURY };

static bool touches(u16 a, u32 a_count, u16 b, u32 b_count)
{
	return a < b + b_count && b < a + a_count;
}

static bool may_pass(const struct acpi_ports *acpi, u16 first, u32 count)
{
	if (!first || !count || first + count > BUS_PORTS_END || touches(first, count, acpi->smi, 1))
		return false;
	for (u32 i = 0; i < 2; i++) {
		if (acpi->control[i] && touches(first, count, acpi->control[i], 2))
			return false;
	}
	for (u32 i = 0; i < ARRAY_SIZE(never); i++) {
		if (touches(first, count, never[i].first, never[i].count))
			return false;
	}
	return true;
}

struct pass_list {
	const struct acpi_ports *acpi;
	struct port_range *range;
	u32 count;
};

static void pass(struct pass_list *list, u64 first, u64 count)
{
	if (list->count < PORT_RANGES_MAX && first < BUS_PORTS_END && may_pass(list->acpi, (u16)first, (u32)count))
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

	for (u32 i = 0; i < ARRAY_SIZE(legacy); i++)
		pass(&list, legacy[i].first, legacy[i].count);
	for (u32 i = 0; i < 2; i++) {
		pass(&list, acpi->event[i], acpi->event_length);
		pass(&list, acpi->gpe[i], acpi->gpe_length[i]);
	}
	pass(&list, acpi->timer, 4);
	pass_bars(&list, pci);
	return list.count;
}

/* For registers that only reset: their reads tell nothing. */
static u64 read_zero_bits(void *device, u64 offset, u32 size)
{
	(void)device, (void)offset, (void)size;
	return FAST_A20;
}

static u64 read_nobody(void *device, u64 offset, u32 size)
{
	(void)device, (void)offset, (void)size;
	return UINT64_MAX;
}

static void keyboard_write(void *device, u64 offset, u32 size, u64 value)
{
	struct service_ports *p = device;

	(void)offset, (void)size;
	if ((value & (RESET_PULSE | 1)) == RESET_PULSE)
		p->access->power(POWER_RESET);
	else
		p->refused++;
}

static void system_control_write(void *device, u64 offset, u32 size, u64 value)
{
	struct service_ports *p = device;

	(void)offset, (void)size;
	if (value & FAST_RESET)
		p->access->power(POWER_RESET);
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
		p->refused++;
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
		p->refused++;
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

static const struct bus_ops keyboard_ops = { read_nobody, keyboard_write, 1 };
static const struct bus_ops system_control_ops = { read_zero_bits, system_control_write, 1 };
static const struct bus_ops cmos_ops = { cmos_read, cmos_write, 1 };
static const struct bus_ops control_ops = { control_read, control_write, 2 };

enum err service_ports_attach(struct service_ports *p, struct pci *pci, struct bus *bus)
{
	const struct bus_region regions[] = {
		{ KEYBOARD_COMMAND, 1, &keyboard_ops, p },
		{ SYSTEM_CONTROL, 1, &system_control_ops, p },
		{ CMOS, 2, &cmos_ops, p },
		{ PCI_CONFIG_PORT, 4, &pci_address_ops, pci },
		{ PCI_CONFIG_PORT + 4, 4, &pci_data_ops, pci },
		{ p->acpi.control[0], 2, &control_ops, p },
	};
	enum err e = OK;

	/* PM1a is there or it is not; PM1b, where there is one, is nobody's. */
	for (u32 i = 0; !e && i < ARRAY_SIZE(regions); i++)
		e = regions[i].base ? bus_add(bus, BUS_PORT, &regions[i]) : OK;
	return e;
}
