/*
 * 16550A. Register and bit names are the data sheet's. Trust: in the TCB; pure.
 */
#include "hv/dev/uart.h"

#include <string.h>

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };

enum {
	IER_RECEIVED = BIT(0),
	IER_TRANSMIT = BIT(1),
	IER_LINE = BIT(2),
	IER_MODEM = BIT(3),
	IER_MASK = 0x0F,
	IIR_NONE = 0x01,
	IIR_MODEM = 0x00,
	IIR_TRANSMIT = 0x02,
	IIR_RECEIVED = 0x04,
	IIR_LINE = 0x06,
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
	LSR_OVERRUN = BIT(1),
	LSR_HOLDING_EMPTY = BIT(5),
	LSR_EMPTY = BIT(6),
	MSR_CTS = BIT(4),
	MSR_DSR = BIT(5),
	MSR_RING = BIT(6),
	MSR_DCD = BIT(7),
	MSR_DELTA_SHIFT = 4,
};

static bool is_busy(const struct uart *u)
{
	return clock_now(u->clock) < u->busy_until;
}

static u32 depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static u32 trigger(const struct uart *u)
{
	static const u8 level[] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? level[u->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

/* Somebody listens at the other end; in loop mode the outputs are wired to the inputs. */
static u8 modem_lines(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (u8)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
	        (u->mcr & MCR_OUT1 ? MSR_RING : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* By priority (data sheet, table of interrupt control functions). */
static u8 cause(const struct uart *u)
{
	if (u->ier & IER_LINE && u->overrun)
		return IIR_LINE;
	if (u->ier & IER_RECEIVED && u->input_count >= trigger(u))
		return IIR_RECEIVED;
	if (u->ier & IER_RECEIVED && u->input_count)
		return IIR_TIMEOUT;
	if (u->ier & IER_TRANSMIT && u->transmit_interrupt)
		return IIR_TRANSMIT;
	if (u->ier & IER_MODEM && u->msr_deltas)
		return IIR_MODEM;
	return IIR_NONE;
}

/* On a PC, OUT2 lets the interrupt through. */
static void update(struct uart *u)
{
	irq_set(&u->irq, cause(u) != IIR_NONE && (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2);
}

static void sent(void *device)
{
	struct uart *u = device;

	u->transmit_interrupt = true;
	update(u);
}

bool uart_receive(struct uart *u, u8 byte)
{
	if (u->mcr & MCR_LOOP || u->input_count == depth(u))
		return false;
	u->input[(u->input_first + u->input_count++) % UART_FIFO] = byte;
	update(u);
	return true;
}

static void loop_back(struct uart *u, u8 byte)
{
	if (u->input_count == depth(u))
		u->overrun = true;
	else
		u->input[(u->input_first + u->input_count++) % UART_FIFO] = byte;
	u->transmit_interrupt = true;
}

static void transmit(struct uart *u, u8 byte)
{
	u64 now = clock_now(u->clock), from = is_busy(u) ? u->busy_until : now;

	u->transmit_interrupt = false;
	if (from - now >= depth(u) * u->byte_ns && from != now) {
		u->dropped++;
		return;
	}
	if (u->sink.put(u->sink.context, byte))
		u->sent++;
	else
		u->dropped++;
	u->busy_until = from + u->byte_ns;
	timer_arm(u->clock, &u->timer, u->busy_until);
}

static u8 take(struct uart *u)
{
	if (!u->input_count)
		return 0;
	u8 byte = u->input[u->input_first];
	u->input_first = (u->input_first + 1) % UART_FIFO;
	u->input_count--;
	return byte;
}

static u8 read_iir(struct uart *u)
{
	u8 id = cause(u);

	/* To look is to have handled this one. */
	if (id == IIR_TRANSMIT)
		u->transmit_interrupt = false;
	return id | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static u8 read_lsr(struct uart *u)
{
	u8 value = (u8)((u->input_count ? LSR_READY : 0) | (u->overrun ? LSR_OVERRUN : 0) |
	        (is_busy(u) ? 0 : LSR_HOLDING_EMPTY | LSR_EMPTY));

	u->overrun = false;
	return value;
}

static u8 read_msr(struct uart *u)
{
	u8 value = modem_lines(u) | u->msr_deltas;

	u->msr_deltas = 0;
	return value;
}

static u8 read_register(struct uart *u, u64 offset)
{
	bool divisor = u->lcr & LCR_DIVISOR;

	switch (offset) {
	case REG_DATA:
		return divisor ? (u8)u->divisor : take(u);
	case REG_IER:
		return divisor ? (u8)(u->divisor >> 8) : u->ier;
	case REG_IIR_FCR:
		return read_iir(u);
	case REG_LCR:
		return u->lcr;
	case REG_MCR:
		return u->mcr;
	case REG_LSR:
		return read_lsr(u);
	case REG_MSR:
		return read_msr(u);
	default:
		return u->scratch;
	}
}

static void write_data(struct uart *u, u8 value)
{
	if (u->lcr & LCR_DIVISOR)
		u->divisor = (u16)((u->divisor & 0xFF00) | value);
	else if (u->mcr & MCR_LOOP)
		loop_back(u, value);
	else
		transmit(u, value);
}

static void write_ier(struct uart *u, u8 value)
{
	if (u->lcr & LCR_DIVISOR) {
		u->divisor = (u16)(value << 8 | (u->divisor & 0xFF));
		return;
	}
	/* Enabling it while the register is empty interrupts at once; drivers wait for that. */
	if (value & ~u->ier & IER_TRANSMIT && !is_busy(u))
		u->transmit_interrupt = true;
	u->ier = value & IER_MASK;
}

static void write_fcr(struct uart *u, u8 value)
{
	/* Switching the FIFOs on or off empties them. */
	if (value & FCR_CLEAR_INPUT || (value ^ u->fcr) & FCR_ENABLE)
		u->input_count = 0;
	u->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

static void write_mcr(struct uart *u, u8 value)
{
	u8 before = modem_lines(u);

	u->mcr = value & MCR_MASK;
	u->msr_deltas |= (before ^ modem_lines(u)) >> MSR_DELTA_SHIFT;
}

static void write_register(struct uart *u, u64 offset, u8 value)
{
	switch (offset) {
	case REG_DATA:
		write_data(u, value);
		break;
	case REG_IER:
		write_ier(u, value);
		break;
	case REG_IIR_FCR:
		write_fcr(u, value);
		break;
	case REG_LCR:
		u->lcr = value;
		break;
	case REG_MCR:
		write_mcr(u, value);
		break;
	case REG_SCRATCH:
		u->scratch = value;
		break;
	default: /* LSR and MSR are read only */
		break;
	}
}

static u64 read(void *device, u64 offset, u32 size)
{
	struct uart *u = device;

	(void)size;
	u8 value = read_register(u, offset);
	update(u);
	return value;
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	(void)size;
	write_register(device, offset, (u8)value);
	update(device);
}

enum err uart_init(struct uart *u, struct clock *clock, struct irq_line irq, struct uart_sink sink, u64 byte_ns)
{
	memset(u, 0, sizeof(*u));
	u->clock = clock;
	u->irq = irq;
	u->sink = sink;
	u->byte_ns = byte_ns;
	u->divisor = 1;
	return timer_init(clock, &u->timer, sent, u);
}

enum err uart_attach(struct uart *u, struct bus *bus, u16 port)
{
	static const struct bus_ops ops = { read, write, 1 };

	return bus_add(bus, BUS_PORT, &(struct bus_region){ port, UART_PORTS, &ops, u });
}
