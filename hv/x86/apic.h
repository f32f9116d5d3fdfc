/*
 * This processor's local APIC: its id, and inter-processor interrupts (SDM volume 3, chapter 12). x2APIC mode wherever
 * the processor has it.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_APIC_H
#define SIGNET_HV_X86_APIC_H

#include "lib/types.h"

#define APIC_REGISTERS_SIZE KIB(4)

enum ipi { IPI_NMI = 0x400, IPI_INIT = 0x500, IPI_STARTUP = 0x600 };

/* Switches it on, for this processor; what firmware left in its local sources stays, interrupts are off. */
void apic_enable(void);
u32 apic_id(void);
/* Physical address of the registers, which has to be mapped as a device; 0 in x2APIC mode. */
u64 apic_registers(void);

/* vector: only IPI_STARTUP has one, the page the processor starts at. False when the APIC did not send it in time. */
bool apic_send(u32 id, enum ipi kind, u8 vector);

#endif
