/*
 * The serial line. What is said goes to the messages (hv/control/messages.h), and from there to the line.
 * Trust: output only; hardware access.
 */
#ifndef SIGNET_HV_BOOT_CONSOLE_H
#define SIGNET_HV_BOOT_CONSOLE_H

#include "lib/types.h"

/*
 * All messages go to this port, from the first that went to no port yet, with 8N1 at baud (which divides 115,200; 0: at
 * the speed it has). False, and they go where they went: there is no port, or nothing that answers as a UART. Call
 * while one processor runs.
 */
bool console_serial(u32 port, u32 baud);

/*
 * On: a line is only kept, and goes out by console_drain(); nobody who says something waits. Off, as at the start and
 * at the end: what is kept goes out at once, and so does every line from then on before say() returns.
 */
void console_queue(bool on);
/*
 * As much as the UART takes without waiting. True: there is more, for which it is soon enough in CONSOLE_PERIOD
 * microseconds. Lock not held.
 */
bool console_drain(void);
enum { CONSOLE_PERIOD = 500 };

#endif
