/*
 * 16550A. Register and bit names are the data sheet's. Trust: in the TCB; pure.
 */
#include "hv/dev/uart.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };

enum {
	IER_RECEIVED = BIT(0),
	IER_TRANSMIT = BIT(1),
	IER_MASK = 0x0F,
	IIR_NONE = 0x01,
	IIR_TRANSMIT = 0x02,
	IIR_RECEIVED = 0x04,
	IIR_TIMEOUT = 0x0C,
	IIR_FIFOS = 0xC0,
	FCR_ENABLE = BIT(0),
	FCR_CLEAR_INPUT = BIT(1),
	FCR_KEPT = 0xC1,
	FCR_TRIGGER_SHIFT = 6,
	LCR_DIVISOR = BIT(7),
	MCR_DTR = BIT(0),
	MCR_RTS = BIT(1),
	MCR_OUT1 = BIT(2),
	MCR_OUT2 = BIT(3),
	MCR_LOOP = BIT(4),
	MCR_MASK = 0x1F,
	LSR_READY = BIT(0),
	LSR_EMPTY = 0x60,
	MSR_CTS = BIT(4),
	MSR_DSR = BIT(5),
	MSR_RING = BIT(6),
	MSR_DCD = BIT(7),
};

/* What is kept of a write that does nothing else; LSR and MSR are read only. */
static const u8 kept[UART_PORTS] = {
	[REG_IER] = IER_MASK,
	[REG_LCR] = 0xFF,
	[REG_MCR] = MCR_MASK,
	[REG_SCRATCH] = 0xFF,
};

static u32 depth(const struct uart *u)
{
	return u->reg[REG_IIR_FCR] & FCR_ENABLE ? UART_FIFO : 1;
}

static u32 trigger(const struct uart *u)
{
	static const u8 level[] = { 1, 4, 8, 14 };

	return u->reg[REG_IIR_FCR] & FCR_ENABLE ? level[u->reg[REG_IIR_FCR] >> FCR_TRIGGER_SHIFT] : 1;
}

/* Somebody listens at the other end; in loop mode the outputs are wired to the inputs. */
static u8 modem_lines(const struct uart *u)
{
	if (!(u->reg[REG_MCR] & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (u8)((u->reg[REG_MCR] & MCR_RTS ? MSR_CTS : 0) | (u->reg[REG_MCR] & MCR_DTR ? MSR_DSR : 0) |
	        (u->reg[REG_MCR] & MCR_OUT1 ? MSR_RING : 0) | (u->reg[REG_MCR] & MCR_OUT2 ? MSR_DCD : 0));
}

/* By priority (data sheet, table of interrupt control functions). */
static u8 cause(const struct uart *u)
{
	if (u->reg[REG_IER] & IER_RECEIVED && u->input_count)
		return u->input_count >= trigger(u) ? IIR_RECEIVED : IIR_TIMEOUT;
	return u->reg[REG_IER] & IER_TRANSMIT && u->transmit_interrupt ? IIR_TRANSMIT : IIR_NONE;
}

/* On a PC, OUT2 lets the interrupt through. */
static void update(const struct uart *u)
{
	irq_set(&u->irq, cause(u) != IIR_NONE && (u->reg[REG_MCR] & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2);
}

bool uart_receive(struct uart *u, u8 byte)
{
	if (u->reg[REG_MCR] & MCR_LOOP || u->input_count >= depth(u))
		return false;
	u->input[(u->input_first + u->input_count++) % UART_FIFO] = byte;
	update(u);
	return true;
}

static u8 take(struct uart *u)
{
	if (!u->input_count)
		return 0;
	u->input_count--;
	return u->input[u->input_first++ % UART_FIFO];
}

static u8 read_iir(struct uart *u)
{
	u8 id = cause(u);

	/* To look is to have handled this one. */
	if (id == IIR_TRANSMIT)
		u->transmit_interrupt = false;
	return id | (u->reg[REG_IIR_FCR] & FCR_ENABLE ? IIR_FIFOS : 0);
}

static u8 read_register(struct uart *u, u64 offset)
{
	if (offset <= REG_IER && u->reg[REG_LCR] & LCR_DIVISOR)
		return u->divisor[offset];
	switch (offset) {
	case REG_DATA:
		return take(u);
	case REG_IIR_FCR:
		return read_iir(u);
	case REG_LSR:
		return LSR_EMPTY | (u->input_count ? LSR_READY : 0);
	case REG_MSR:
		return modem_lines(u);
	default:
		return u->reg[offset];
	}
}

static void transmit(struct uart *u, u8 byte)
{
	if (!(u->reg[REG_MCR] & MCR_LOOP))
		u->sink.put(u->sink.context, byte);
	u->transmit_interrupt = true;
}

static void write_fcr(struct uart *u, u8 value)
{
	/* Switching the FIFOs on or off empties them. */
	if (value & FCR_CLEAR_INPUT || (value ^ u->reg[REG_IIR_FCR]) & FCR_ENABLE)
		u->input_count = 0;
	u->reg[REG_IIR_FCR] = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

static void write_register(struct uart *u, u64 offset, u8 value)
{
	if (offset <= REG_IER && u->reg[REG_LCR] & LCR_DIVISOR) {
		u->divisor[offset] = value;
		return;
	}
	switch (offset) {
	case REG_DATA:
		transmit(u, value);
		break;
	case REG_IIR_FCR:
		write_fcr(u, value);
		break;
	default:
		/* Enabling it while the register is empty interrupts at once; drivers wait for that. */
		if (offset == REG_IER && value & ~u->reg[REG_IER] & IER_TRANSMIT)
			u->transmit_interrupt = true;
		u->reg[offset] = value & kept[offset];
		break;
	}
}

static u64 read(void *device, u64 offset, u32 size)
{
	(void)size;
	u8 value = read_register(device, offset);
	update(device);
	return value;
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	(void)size;
	write_register(device, offset, (u8)value);
	update(device);
}

const struct bus_ops uart_ops = { read, write, 1 };

void uart_init(struct uart *u, struct irq_line irq, struct uart_sink sink)
{
	*u = (struct uart){ .irq = irq, .sink = sink, .divisor = { 1 } };
}
