/*
 * The serial line. Processors take turns a line at a time, but a dead one's turn does not last: a panic must be heard.
 * Trust: output only; hardware access.
 */
#include "hv/boot/console.h"

#include "hv/x86/cpu.h"

#include "lib/print.h"

enum {
	UART_DATA = 0,
	UART_LINE_STATUS = 5,
	STATUS_EMPTY = 0x20,
	/* Polls for one character; far more than the slowest line takes. */
	UART_PATIENCE = 1 << 20,
	/* More looks than any line of text takes. */
	TURN_PATIENCE = 1 << 24,
};

static u16 serial_port;
static bool taken;

static void put(char c)
{
	for (u32 i = 0; i < UART_PATIENCE; i++) {
		if (in8((u16)(serial_port + UART_LINE_STATUS)) & STATUS_EMPTY)
			break;
	}
	out8((u16)(serial_port + UART_DATA), (u8)c);
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

void console_serial(u32 port)
{
	serial_port = (u16)port;
	if (port)
		console_set(write_line);
}
