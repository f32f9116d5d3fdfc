/*
 * The serial line: the messages, in their order. Processors take turns, but a dead one's turn does not last: a panic
 * must be heard.
 * Trust: output only; hardware access.
 */
#include "hv/boot/console.h"

#include "hv/control/messages.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

enum {
	UART_DATA = 0,
	UART_DIVISOR = 0,
	UART_INTERRUPTS = 1,
	UART_FIFO = 2,
	UART_LINE_CONTROL = 3,
	UART_MODEM_CONTROL = 4,
	UART_LINE_STATUS = 5,
	UART_MODEM_STATUS = 6,
	LINE_8N1 = 0x03,
	LINE_DIVISOR = 0x80,
	FIFO_ENABLE_CLEAR = 0x07,
	FIFO_ENABLED = 0xC0, /* a 16550A's; those before have one byte */
	FIFO_SIZE = 16,
	MODEM_DTR_RTS = 0x03,
	MODEM_LOOP = 0x10,
	STATUS_HOLDING_EMPTY = 0x20,
	STATUS_EMPTY = 0x40,
	UART_CLOCK = 115200,
	PORT_MAX = 0xFFF8,
	/* Polls for one character; far more than the slowest line takes. */
	UART_PATIENCE = 1 << 20,
	/* More looks than any line of text takes. */
	TURN_PATIENCE = 1 << 24,
};

static u16 serial_port;
static u32 fifo;
static u64 printed; /* of the messages */
static bool taken, returned, silent, queued;

static bool await(u16 port, u8 status, u32 patience)
{
	while (patience && !(in8(port + UART_LINE_STATUS) & status))
		patience--;
	return patience;
}

/* The next character; a line's end is two. */
static bool next(u8 *c)
{
	u64 end;

	if (!messages_read(&printed, &end, c, 1))
		return false;
	returned = *c == '\n' && !returned;
	if (returned)
		*c = '\r';
	else
		printed++;
	return true;
}

/* A UART that does not move any more is not waited for again at each character. */
static void write_all(void)
{
	u8 c;

	while (next(&c)) {
		silent = !await(serial_port, STATUS_HOLDING_EMPTY, silent ? 1 : UART_PATIENCE);
		if (!silent)
			out8(serial_port + UART_DATA, c);
	}
}

/* Whoever has just said something finds it among the messages. */
static void print(const char *text, size_t n)
{
	(void)text, (void)n;
	if (queued || !serial_port)
		return;
	for (u32 i = 0; i < TURN_PATIENCE && __atomic_test_and_set(&taken, __ATOMIC_ACQUIRE); i++)
		pause();
	write_all();
	__atomic_clear(&taken, __ATOMIC_RELEASE);
}

void console_queue(bool on)
{
	queued = on;
	print(NULL, 0);
}

bool console_drain(void)
{
	u8 c;

	if (!queued || !serial_port || printed == messages_end())
		return false;
	if (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE))
		return true;
	if (await(serial_port, STATUS_HOLDING_EMPTY, 1))
		for (u32 i = 0; i < fifo && next(&c); i++)
			out8(serial_port + UART_DATA, c);
	__atomic_clear(&taken, __ATOMIC_RELEASE);
	return true;
}

/* In loop mode the outputs are wired to the inputs: OUT2, OUT1, RTS, DTR to DCD, RI, CTS, DSR. */
static bool answers(u16 port, u8 outputs, u8 inputs)
{
	out8(port + UART_MODEM_CONTROL, MODEM_LOOP | outputs);
	return (in8(port + UART_MODEM_STATUS) & 0xF0) == inputs;
}

static void set_speed(u16 port, u32 divisor)
{
	out8(port + UART_LINE_CONTROL, LINE_DIVISOR | LINE_8N1);
	out8(port + UART_DIVISOR, (u8)divisor);
	out8(port + UART_DIVISOR + 1, (u8)(divisor >> 8));
	out8(port + UART_LINE_CONTROL, LINE_8N1);
}

bool console_serial(u32 number, u32 baud)
{
	u16 port = (u16)number;

	if (!number || number > PORT_MAX)
		return false;
	/* What others wrote to it goes out first. */
	(void)await(port, STATUS_EMPTY, UART_PATIENCE);
	bool is_uart = answers(port, 0x0A, 0x90) && answers(port, 0x05, 0x60);
	out8(port + UART_MODEM_CONTROL, MODEM_DTR_RTS);
	if (!is_uart)
		return false;
	out8(port + UART_INTERRUPTS, 0);
	if (baud)
		set_speed(port, UART_CLOCK / baud);
	out8(port + UART_FIFO, FIFO_ENABLE_CLEAR);
	fifo = (in8(port + UART_FIFO) & FIFO_ENABLED) == FIFO_ENABLED ? FIFO_SIZE : 1;
	serial_port = port;
	console_set(print);
	return true;
}
