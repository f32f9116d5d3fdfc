/*
 * This processor's local APIC: its id, and inter-processor interrupts (SDM volume 3, chapter 12). x2APIC mode wherever
 * the processor has it.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_APIC_H
#define SIGNET_HV_X86_APIC_H

#include "lib/types.h"

#define APIC_REGISTERS_SIZE KIB(4)

enum ipi { IPI_FIXED = 0x000, IPI_NMI = 0x400, IPI_INIT = 0x500, IPI_STARTUP = 0x600 };

/* Switches it on, for this processor; vectors below 32 never get through. */
void apic_enable(void);
u32 apic_id(void);
/* Physical address of the registers, which has to be mapped as a device; 0 in x2APIC mode. */
u64 apic_registers(void);

/* No PIC interrupts from here on, on no processor; a spurious one of it has a vector of devices. Once. */
void pic_off(void);

/*
 * For this processor: its timer interrupts at a TSC with this vector, and nothing comes from the PIC's pin. False: it
 * has no TSC deadline.
 */
bool apic_has_deadline(void);
void apic_take_vectors(u8 timer);
/* UINT64_MAX: never. What is past is now. */
void apic_set_timer(u64 tsc);
/* The vector that was acknowledged and not ended, or 0. */
u8 apic_in_service(void);
void apic_eoi(void);

/* vector: of IPI_FIXED; of IPI_STARTUP, the page the processor starts at. False when the APIC did not send it in time.
 */
bool apic_send(u32 id, enum ipi kind, u8 vector);

#endif
