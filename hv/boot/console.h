/*
 * The serial line, by polling.
 * Trust: output only; hardware access.
 */
#ifndef SIGNET_HV_BOOT_CONSOLE_H
#define SIGNET_HV_BOOT_CONSOLE_H

#include "lib/types.h"

/*
 * Lines go to this port from now on, with 8N1 at baud (which divides 115,200; 0: at the speed it has). False, and they
 * go where they went: there is no port, or nothing that answers as a UART. Call while one processor runs.
 */
bool console_serial(u32 port, u32 baud);

#endif
