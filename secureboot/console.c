/*
 * Serial line and VGA text by polling.
 * Trust: output only; hardware access.
 */
#include "secureboot/console.h"

#include "secureboot/cpu.h"

enum {
	UART_DATA = 0,
	UART_DIVISOR_LOW = 0,
	UART_INTERRUPTS = 1,
	UART_DIVISOR_HIGH = 1,
	UART_FIFO = 2,
	UART_LINE_CONTROL = 3,
	UART_MODEM_CONTROL = 4,
	UART_LINE_STATUS = 5,

	LINE_8N1 = 0x03,
	LINE_DIVISOR = 0x80,
	FIFO_ENABLE_CLEAR = 0x07,
	MODEM_DTR_RTS = 0x03,
	STATUS_EMPTY = 0x20,
	STATUS_NO_DEVICE = 0xFF,

	UART_CLOCK = 115200,
	/* Polls for one character; far more than the slowest line takes, so that a dead one cannot hang the boot. */
	UART_PATIENCE = 1 << 20,
};

enum { VGA_TEXT = 0xB8000, VGA_COLUMNS = 80, VGA_ROWS = 25, VGA_WHITE = 0x0F00 };

static u16 serial_port;
static bool vga_on;
static u32 vga_column;
static console_sink *extra;

static void serial_put(char c)
{
	for (u32 i = 0; i < UART_PATIENCE; i++) {
		if (in8((u16)(serial_port + UART_LINE_STATUS)) & STATUS_EMPTY)
			break;
	}
	out8((u16)(serial_port + UART_DATA), (u8)c);
}

static void serial_write(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			serial_put('\r');
		serial_put(text[i]);
	}
}

static volatile u16 *vga_cell(u32 row, u32 column)
{
	return (volatile u16 *)(u64)VGA_TEXT + row * VGA_COLUMNS + column;
}

static void vga_newline(void)
{
	for (u32 row = 0; row + 1 < VGA_ROWS; row++) {
		for (u32 column = 0; column < VGA_COLUMNS; column++)
			*vga_cell(row, column) = *vga_cell(row + 1, column);
	}
	for (u32 column = 0; column < VGA_COLUMNS; column++)
		*vga_cell(VGA_ROWS - 1, column) = VGA_WHITE | ' ';
	vga_column = 0;
}

/* Always on the last row, scrolling: what the loader left above stays readable. */
static void vga_write(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || vga_column == VGA_COLUMNS)
			vga_newline();
		if (text[i] != '\n')
			*vga_cell(VGA_ROWS - 1, vga_column++) = (u16)(VGA_WHITE | (u8)text[i]);
	}
}

static void console_write(const char *text, size_t n)
{
	if (serial_port)
		serial_write(text, n);
	if (vga_on)
		vga_write(text, n);
	if (extra)
		extra(text, n);
}

void console_serial(u32 port, u32 baud)
{
	u32 divisor = baud && baud <= UART_CLOCK ? UART_CLOCK / baud : 1;
	u16 at = (u16)port;

	console_set(console_write);
	serial_port = 0;
	if (port == 0 || port > 0xFFF8 || in8((u16)(at + UART_LINE_STATUS)) == STATUS_NO_DEVICE)
		return;
	out8((u16)(at + UART_INTERRUPTS), 0);
	out8((u16)(at + UART_LINE_CONTROL), LINE_DIVISOR | LINE_8N1);
	out8((u16)(at + UART_DIVISOR_LOW), (u8)divisor);
	out8((u16)(at + UART_DIVISOR_HIGH), (u8)(divisor >> 8));
	out8((u16)(at + UART_LINE_CONTROL), LINE_8N1);
	out8((u16)(at + UART_FIFO), FIFO_ENABLE_CLEAR);
	out8((u16)(at + UART_MODEM_CONTROL), MODEM_DTR_RTS);
	serial_port = at;
	/* Ours begin at the beginning of a line, whatever the loader left there. */
	serial_write("\n", 1);
}

bool console_has_serial(void)
{
	return serial_port != 0;
}

void console_vga(void)
{
	vga_on = true;
	vga_newline();
}

void console_extra(console_sink *sink)
{
	extra = sink;
}
