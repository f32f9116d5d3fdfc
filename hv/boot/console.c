/*
 * The serial line. Processors take turns a line at a time, but a dead one's turn does not last: a panic must be heard.
 * Trust: output only; hardware access.
 */
#include "hv/boot/console.h"

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
static bool taken;

static void await(u16 port, u8 status)
{
	for (u32 i = 0; i < UART_PATIENCE; i++) {
		if (in8(port + UART_LINE_STATUS) & status)
			break;
	}
}

static void put(char c)
{
	await(serial_port, STATUS_HOLDING_EMPTY);
	out8(serial_port + UART_DATA, (u8)c);
}

static void write_line(const char *text, size_t n)
{
	for (u32 i = 0; i < TURN_PATIENCE && __atomic_test_and_set(&taken, __ATOMIC_ACQUIRE); i++)
		pause();
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
	__atomic_clear(&taken, __ATOMIC_RELEASE);
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
	await(port, STATUS_EMPTY);
	bool is_uart = answers(port, 0x0A, 0x90) && answers(port, 0x05, 0x60);
	out8(port + UART_MODEM_CONTROL, MODEM_DTR_RTS);
	if (!is_uart)
		return false;
	out8(port + UART_INTERRUPTS, 0);
	if (baud)
		set_speed(port, UART_CLOCK / baud);
	out8(port + UART_FIFO, FIFO_ENABLE_CLEAR);
	serial_port = port;
	console_set(write_line);
	return true;
}
