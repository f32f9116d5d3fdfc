/*
 * What the service VM's serial port says, a line at a time, and how much of it: the hypervisor has words of its own to
 * keep.
 * Trust: in the TCB; pure. Bytes are the service VM's.
 */
#ifndef SIGNET_HV_SERVICE_LINES_H
#define SIGNET_HV_SERVICE_LINES_H

#include "lib/types.h"

enum { SERVICE_LINE = 160 };

struct service_lines {
	char text[SERVICE_LINE];
	u32 length;
	u32 used; /* characters, in the period that began */
	u64 since; /* ms */
	u32 lost; /* lines, since one came out */
};

/*
 * True: text is a line to be printed, for which a third of what a slow line carries is kept, and that of two seconds at
 * once. Empty lines are none; those over it are lost. now: ms.
 */
bool service_lines_put(struct service_lines *lines, u8 byte, u64 now);

#endif
