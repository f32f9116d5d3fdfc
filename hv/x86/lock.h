/*
 * The one lock of root mode. Whoever touches devices, VMs, the scheduler or the pools holds it; what is under it is
 * short and bounded, and waits for nothing. A ticket lock: processors get it in the order they asked, so that one VM's
 * exits cannot keep it from another's.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_X86_LOCK_H
#define SIGNET_HV_X86_LOCK_H

#include "lib/types.h"

/* Not held by this processor. Interrupts are off. */
void hv_lock(void);
/* Held by this processor. */
void hv_unlock(void);

#endif
