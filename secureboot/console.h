/*
 * The stage's console: serial line, VGA text, and whatever else is added; every line goes to all of them.
 * Trust: output only; hardware access.
 */
#ifndef SIGNET_SECUREBOOT_CONSOLE_H
#define SIGNET_SECUREBOOT_CONSOLE_H

#include "lib/print.h"

enum { SERIAL_PORT_DEFAULT = 0x3F8, SERIAL_BAUD_DEFAULT = 115200 };

/* Uses this 16550 from now on; port 0, or one where nothing answers: none. */
void console_serial(u32 port, u32 baud);
bool console_has_serial(void);
/* The text screen at 0xB8000: BIOS only. */
void console_vga(void);
/* One further output, NULL for none (EFI text, gone with the boot services). */
void console_extra(console_sink *sink);

#endif
