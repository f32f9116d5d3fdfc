/*
 * The serial line the stage told of, by polling.
 * Trust: output only; hardware access.
 */
#ifndef SIGNET_HV_BOOT_CONSOLE_H
#define SIGNET_HV_BOOT_CONSOLE_H

#include "lib/types.h"

/* The stage has set it up and shown it works; port 0: there is none. Call once. */
void console_serial(u32 port);

#endif
