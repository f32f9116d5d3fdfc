/*
 * What the hypervisor has said, kept for whoever comes later. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_CONTROL_MESSAGES_H
#define SIGNET_HV_CONTROL_MESSAGES_H

#include "lib/types.h"

enum { MESSAGES_SIZE = 32768 };

/* From now on. */
void messages_keep(void);
/* Where the text ends so far, as an offset. */
u64 messages_end(void);
/*
 * Copies up to n bytes from *offset on, or from the oldest there are; *offset becomes where they begin, *end where the
 * text ends so far. Returns how many.
 */
u32 messages_read(u64 *offset, u64 *end, u8 *to, u32 n);

#endif
