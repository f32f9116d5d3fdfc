/*
 * The few things the test programs do to the machine itself.
 * Trust: test code only.
 */
#ifndef SIGNET_TESTS_PAYLOAD_MACHINE_H
#define SIGNET_TESTS_PAYLOAD_MACHINE_H

#include "lib/types.h"

enum { COM1 = 0x3F8 };

/* Console text goes to the 16550 at port, which whoever started us has set up. */
void serial_use(u32 port);

u64 time_stamp(void);

/* Resets through the chipset's reset control register. */
_Noreturn void machine_reset(void);
_Noreturn void machine_halt(void);

/* Exceptions are reported and end in a halt. */
void faults_report(void);

#endif
