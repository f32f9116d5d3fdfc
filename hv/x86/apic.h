/*
 * This processor's local APIC, in x2APIC mode: its id, timer, and inter-processor interrupts (SDM volume 3, chapter
 * 12). Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_APIC_H
#define SIGNET_HV_X86_APIC_H

#include "lib/types.h"

enum ipi { IPI_FIXED = 0x000, IPI_NMI = 0x400, IPI_INIT = 0x500, IPI_STARTUP = 0x600 };

/* What we need and this processor has not, by name; NULL: nothing. */
const char *apic_missing(void);

/* Switches it on, for this processor; vectors below 32 never get through, and nothing comes from the PIC's pin. */
void apic_enable(void);
/* No PIC interrupts from here on, on no processor; a spurious one of it has a vector of devices. Once. */
void pic_off(void);

u32 apic_id(void);
/* vector: of IPI_FIXED; of IPI_STARTUP, the page the processor starts at. */
void apic_send(u32 id, enum ipi kind, u8 vector);

/* Interrupts this processor once at a TSC, which may be past; UINT64_MAX: never. */
void apic_set_timer(u64 tsc, u8 vector);
/* The vector that was acknowledged and not ended, or 0. */
u8 apic_in_service(void);
void apic_eoi(void);

#endif
