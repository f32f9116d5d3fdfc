/*
 * I/O APIC. Trust: in the TCB; pure.
 */
#include "hv/dev/ioapic.h"

#include <string.h>

enum {
	WINDOW_SELECT = 0x00,
	WINDOW_DATA = 0x10,
	WINDOW_EOI = 0x40,
	REG_ID = 0,
	REG_VERSION = 1,
	REG_REDIRECTION = 0x10,
	VERSION = 0x20,
	VERSION_LAST_PIN_SHIFT = 16,
	ID_SHIFT = 24,
	ID_MAX = 15,
};

enum {
	ENTRY_DELIVERY_SHIFT = 8,
	ENTRY_DELIVERY_MASK = 7,
	ENTRY_LOGICAL = BIT(11),
	ENTRY_DESTINATION_SHIFT = 56,
	PHYSICAL_BROADCAST = 0xFF,
};

/* Vector, delivery mode, destination mode, polarity, trigger mode, mask; destination. Status and remote IRR are ours.
 */
#define ENTRY_WRITABLE 0xFF0000000001AFFFu

static const u32 sendable = BIT(DELIVER_FIXED) | BIT(DELIVER_LOWEST) | BIT(DELIVER_NMI);

static void send(struct ioapic *a, u32 pin)
{
	u64 entry = a->redirection[pin];
	struct apic_message m = {
		.vector = (u8)entry,
		.delivery = entry >> ENTRY_DELIVERY_SHIFT & ENTRY_DELIVERY_MASK,
		.logical = entry & ENTRY_LOGICAL,
		.level = entry & IOAPIC_LEVEL,
		.destination = (u32)(entry >> ENTRY_DESTINATION_SHIFT),
	};

	if (!(sendable >> m.delivery & 1))
		return;
	if (!m.logical && m.destination == PHYSICAL_BROADCAST)
		m.destination = APIC_BROADCAST;
	if (m.level)
		a->redirection[pin] |= IOAPIC_REMOTE_IRR;
	a->sink.send(a->sink.context, &m);
}

/* A level asks whenever it is up, unmasked and not already being served. */
static void serve_level(struct ioapic *a, u32 pin)
{
	u64 entry = a->redirection[pin];

	if (a->lines >> pin & 1 && (entry & (IOAPIC_LEVEL | IOAPIC_MASKED | IOAPIC_REMOTE_IRR)) == IOAPIC_LEVEL)
		send(a, pin);
}

void ioapic_set_line(void *controller, u32 pin, bool level)
{
	struct ioapic *a = controller;

	if (pin >= a->pins)
		return;
	u64 bit = (u64)1 << pin;
	bool rises = level && !(a->lines & bit);
	a->lines = level ? a->lines | bit : a->lines & ~bit;
	if (a->redirection[pin] & IOAPIC_LEVEL)
		serve_level(a, pin);
	/* A masked edge is lost (data sheet, "Interrupt Mask"). */
	else if (rises && !(a->redirection[pin] & IOAPIC_MASKED))
		send(a, pin);
}

static void entry_changed(struct ioapic *a, u32 pin)
{
	if (a->changed)
		a->changed(a, pin);
	serve_level(a, pin);
}

void ioapic_eoi(struct ioapic *a, u8 vector)
{
	for (u32 pin = 0; pin < a->pins; pin++) {
		u64 entry = a->redirection[pin];
		if ((u8)entry != vector || !(entry & IOAPIC_REMOTE_IRR))
			continue;
		a->redirection[pin] = entry & ~(u64)IOAPIC_REMOTE_IRR;
		entry_changed(a, pin);
	}
}

static u32 read_register(const struct ioapic *a)
{
	u32 pin = (a->select - (u32)REG_REDIRECTION) / 2;

	switch (a->select) {
	case REG_ID:
		return (u32)a->id << ID_SHIFT;
	case REG_VERSION:
		return VERSION | (a->pins - 1) << VERSION_LAST_PIN_SHIFT;
	default:
		if (a->select < REG_REDIRECTION || pin >= a->pins)
			return UINT32_MAX;
		return (u32)(a->redirection[pin] >> (a->select % 2 * 32));
	}
}

static void write_entry(struct ioapic *a, u32 pin, u32 shift, u32 value)
{
	u64 writable = ENTRY_WRITABLE & (u64)UINT32_MAX << shift;
	u64 entry = (a->redirection[pin] & ~writable) | ((u64)value << shift & writable);

	/* Edge triggering has nothing to wait for: kernels flip it to get rid of a stuck remote IRR. */
	if (!(entry & IOAPIC_LEVEL))
		entry &= ~(u64)IOAPIC_REMOTE_IRR;
	a->redirection[pin] = entry;
	entry_changed(a, pin);
}

static void write_register(struct ioapic *a, u32 value)
{
	u32 pin = (a->select - (u32)REG_REDIRECTION) / 2;

	if (a->select >= REG_REDIRECTION && pin < a->pins)
		write_entry(a, pin, a->select % 2 * 32, value);
}

static u64 read(void *device, u64 offset, u32 size)
{
	const struct ioapic *a = device;

	(void)size;
	if (offset == WINDOW_SELECT)
		return a->select;
	return offset == WINDOW_DATA ? read_register(a) : 0;
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	struct ioapic *a = device;

	(void)size;
	if (offset == WINDOW_SELECT)
		a->select = (u8)value;
	else if (offset == WINDOW_DATA)
		write_register(a, (u32)value);
	else if (offset == WINDOW_EOI)
		ioapic_eoi(a, (u8)value);
}

enum err ioapic_init(struct ioapic *a, u32 pins, u8 id, struct apic_sink sink)
{
	memset(a, 0, sizeof(*a));
	if (pins == 0 || pins > IOAPIC_PINS_MAX || id > ID_MAX)
		return ERR_RANGE;
	a->pins = pins;
	a->id = id;
	a->sink = sink;
	for (u32 pin = 0; pin < pins; pin++)
		a->redirection[pin] = IOAPIC_MASKED;
	return OK;
}

enum err ioapic_attach(struct ioapic *a, struct bus *bus, u64 base)
{
	static const struct bus_ops ops = { read, write, 4 };

	return bus_add(bus, BUS_MMIO, &(struct bus_region){ base, IOAPIC_SIZE, &ops, a });
}
