/*
 * The machine's I/O APICs (82093AA and later): which pins there are, and what each does. Registers are mapped as
 * devices. Trust: in the TCB; hardware access. One caller at a time.
 */
#ifndef SIGNET_HV_X86_IOAPIC_H
#define SIGNET_HV_X86_IOAPIC_H

#include "lib/types.h"

/* Number of pins of the one at address; 0: nothing answers there. All of them are masked. */
u32 machine_ioapic_claim(u64 address);
/* entry: as IOAPIC_* of hv/dev/ioapic.h has its bits. */
void machine_ioapic_write(u64 address, u32 pin, u64 entry);

#endif
