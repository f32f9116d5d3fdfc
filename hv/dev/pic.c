/*
 * 8259A. Words ICW1-4 and OCW1-3 as its data sheet names them. Trust: in the TCB; pure.
 */
#include "hv/dev/pic.h"

#include <string.h>

enum {
	PORT_MASTER = 0x20,
	PORT_SLAVE = 0xA0,
	PORT_ELCR = 0x4D0,
	CASCADE = 2,
	PINS = 8,
	NONE = PINS,
	SPURIOUS = 7,
};

enum {
	ICW1 = BIT(4),
	ICW1_WANTS_ICW4 = BIT(0),
	ICW1_SINGLE = BIT(1),
	ICW2_BASE_MASK = 0xF8,
	ICW4_AUTO_EOI = BIT(1),
	ICW4_SPECIAL_NESTED = BIT(4),
	OCW2_LEVEL_MASK = 7,
	OCW2_COMMAND_SHIFT = 5,
	OCW3 = BIT(3),
	OCW3_READ_ISR = BIT(0),
	OCW3_READ_REGISTER = BIT(1),
	OCW3_POLL = BIT(2),
	OCW3_SPECIAL_MASK = BIT(5),
	OCW3_SET_SPECIAL_MASK = BIT(6),
	POLL_PENDING = BIT(7),
	/* Timer, keyboard, cascade, RTC and coprocessor are edges for ever (ICH, ELCR1 and ELCR2). */
	ELCR_MASTER_MASK = 0xF8,
	ELCR_SLAVE_MASK = 0xDE,
};

static u8 bit(u32 n)
{
	return (u8)(1u << n);
}

/* The request of highest priority in set, or NONE. */
static u32 highest(const struct pic_chip *c, u8 set)
{
	for (u32 i = 1; i <= PINS; i++) {
		u32 n = (c->lowest + i) % PINS;
		if (set & bit(n))
			return n;
	}
	return NONE;
}

static u32 rank(const struct pic_chip *c, u32 n)
{
	return n == NONE ? PINS : (n + PINS - 1 - c->lowest) % PINS;
}

/* What this chip would interrupt for now. */
static u32 pending(const struct pic_chip *c)
{
	u32 n = highest(c, c->irr & (u8)~c->imr);
	u8 blocking = c->isr;

	if (c->special_mask)
		blocking &= (u8)~c->imr;
	/* The slave has priorities of its own, which one bit of the master must not hide. */
	if (c->special_nested && n == CASCADE)
		blocking &= (u8)~bit(CASCADE);
	return rank(c, n) < rank(c, highest(c, blocking)) ? n : NONE;
}

static void set_pin(struct pic_chip *c, u32 n, bool level)
{
	bool was = c->lines & bit(n);

	c->lines = level ? c->lines | bit(n) : c->lines & (u8)~bit(n);
	if (level && (!was || c->level_triggered & bit(n)))
		c->irr |= bit(n);
	else if (!level && c->level_triggered & bit(n))
		c->irr &= (u8)~bit(n);
}

static void update(struct pic *p)
{
	/* INT of the slave is a level: it may stay up over an acknowledge, when another request waits behind it. */
	bool slave = pending(&p->slave) != NONE;
	p->master.irr = slave ? p->master.irr | bit(CASCADE) : p->master.irr & (u8)~bit(CASCADE);
	bool asserted = pending(&p->master) != NONE;
	if (asserted == p->asserted)
		return;
	p->asserted = asserted;
	irq_set(&p->output, asserted);
}

static u32 acknowledge(struct pic_chip *c)
{
	u32 n = pending(c);

	if (n == NONE)
		return NONE;
	if (!(c->level_triggered & bit(n)))
		c->irr &= (u8)~bit(n);
	if (!c->auto_eoi)
		c->isr |= bit(n);
	else if (c->rotate_in_auto_eoi)
		c->lowest = (u8)n;
	return n;
}

u8 pic_acknowledge(struct pic *p)
{
	u32 n = acknowledge(&p->master);
	const struct pic_chip *c = &p->master;

	if (n == CASCADE) {
		n = acknowledge(&p->slave);
		c = &p->slave;
	}
	update(p);
	return (u8)(c->base | (n == NONE ? SPURIOUS : n));
}

void pic_set_line(void *controller, u32 irq, bool level)
{
	struct pic *p = controller;

	if (irq >= 2 * PINS || irq == CASCADE)
		return;
	set_pin(irq < PINS ? &p->master : &p->slave, irq % PINS, level);
	update(p);
}

/* ICW1 resets everything but the ELCR; requests of level pins that are up come back at once. */
static void initialize(struct pic_chip *c, u8 icw1)
{
	*c = (struct pic_chip){
		.lines = c->lines,
		.level_triggered = c->level_triggered,
		.irr = c->lines & c->level_triggered,
		.base = c->base,
		.lowest = PINS - 1,
		.next_icw = 2,
		.single = icw1 & ICW1_SINGLE,
		.wants_icw4 = icw1 & ICW1_WANTS_ICW4,
	};
}

static void end_of_interrupt(struct pic_chip *c, u32 n, bool rotate)
{
	if (n == NONE)
		return;
	c->isr &= (u8)~bit(n);
	if (rotate)
		c->lowest = (u8)n;
}

static u32 in_service(const struct pic_chip *c)
{
	return highest(c, c->special_mask ? c->isr & (u8)~c->imr : c->isr);
}

/* Bits R, SL and EOI of OCW2. */
static void ocw2(struct pic_chip *c, u8 value)
{
	u32 level = value & OCW2_LEVEL_MASK;

	switch (value >> OCW2_COMMAND_SHIFT) {
	case 0:
	case 4:
		c->rotate_in_auto_eoi = value >> OCW2_COMMAND_SHIFT;
		break;
	case 1:
	case 5:
		end_of_interrupt(c, in_service(c), value >> OCW2_COMMAND_SHIFT == 5);
		break;
	case 3:
	case 7:
		end_of_interrupt(c, level, value >> OCW2_COMMAND_SHIFT == 7);
		break;
	case 6:
		c->lowest = (u8)level;
		break;
	default:
		break;
	}
}

static void ocw3(struct pic_chip *c, u8 value)
{
	if (value & OCW3_SET_SPECIAL_MASK)
		c->special_mask = value & OCW3_SPECIAL_MASK;
	if (value & OCW3_POLL)
		c->poll = true;
	else if (value & OCW3_READ_REGISTER)
		c->read_isr = value & OCW3_READ_ISR;
}

static void write_command(struct pic_chip *c, u8 value)
{
	if (value & ICW1)
		initialize(c, value);
	else if (value & OCW3)
		ocw3(c, value);
	else
		ocw2(c, value);
}

static void write_data(struct pic_chip *c, u8 value)
{
	switch (c->next_icw) {
	case 2:
		c->base = value & ICW2_BASE_MASK;
		c->next_icw = c->single ? 4 : 3;
		break;
	case 3: /* where the slave hangs is wired */
		c->next_icw = 4;
		break;
	case 4:
		c->auto_eoi = value & ICW4_AUTO_EOI;
		c->special_nested = value & ICW4_SPECIAL_NESTED;
		c->next_icw = 0;
		break;
	default:
		c->imr = value;
		break;
	}
	if (c->next_icw == 4 && !c->wants_icw4)
		c->next_icw = 0;
}

static u64 chip_read(struct pic_chip *c, u64 offset)
{
	if (c->poll) {
		c->poll = false;
		u32 n = acknowledge(c);
		return n == NONE ? 0 : POLL_PENDING | n;
	}
	if (offset)
		return c->imr;
	return c->read_isr ? c->isr : c->irr;
}

static void chip_write(struct pic_chip *c, u64 offset, u8 value)
{
	if (offset)
		write_data(c, value);
	else
		write_command(c, value);
}

static u64 master_read(void *device, u64 offset, u32 size)
{
	struct pic *p = device;

	(void)size;
	u64 value = chip_read(&p->master, offset);
	update(p);
	return value;
}

static void master_write(void *device, u64 offset, u32 size, u64 value)
{
	struct pic *p = device;

	(void)size;
	chip_write(&p->master, offset, (u8)value);
	update(p);
}

static u64 slave_read(void *device, u64 offset, u32 size)
{
	struct pic *p = device;

	(void)size;
	u64 value = chip_read(&p->slave, offset);
	update(p);
	return value;
}

static void slave_write(void *device, u64 offset, u32 size, u64 value)
{
	struct pic *p = device;

	(void)size;
	chip_write(&p->slave, offset, (u8)value);
	update(p);
}

static u64 elcr_read(void *device, u64 offset, u32 size)
{
	const struct pic *p = device;

	(void)size;
	return offset ? p->slave.level_triggered : p->master.level_triggered;
}

static void elcr_write(void *device, u64 offset, u32 size, u64 value)
{
	struct pic *p = device;

	(void)size;
	if (offset)
		p->slave.level_triggered = (u8)value & ELCR_SLAVE_MASK;
	else
		p->master.level_triggered = (u8)value & ELCR_MASTER_MASK;
}

void pic_init(struct pic *p, struct irq_line output)
{
	memset(p, 0, sizeof(*p));
	p->output = output;
	p->master.lowest = p->slave.lowest = PINS - 1;
	/* Until a guest asks for them, no interrupts. */
	p->master.imr = p->slave.imr = 0xFF;
}

enum err pic_attach(struct pic *p, struct bus *bus)
{
	static const struct bus_ops master = { master_read, master_write, 1 };
	static const struct bus_ops slave = { slave_read, slave_write, 1 };
	static const struct bus_ops elcr = { elcr_read, elcr_write, 1 };
	enum err e = bus_add(bus, BUS_PORT, &(struct bus_region){ PORT_MASTER, 2, &master, p });

	if (!e)
		e = bus_add(bus, BUS_PORT, &(struct bus_region){ PORT_SLAVE, 2, &slave, p });
	return e ? e : bus_add(bus, BUS_PORT, &(struct bus_region){ PORT_ELCR, 2, &elcr, p });
}
