/*
 * Register numbers of the local APIC (the x2APIC MSR's low byte) and their bits, in the order of the SDM.
 * For the files of the local APIC.
 */
#ifndef SIGNET_HV_DEV_LAPIC_REGS_H
#define SIGNET_HV_DEV_LAPIC_REGS_H

#include "hv/dev/lapic.h"

enum lapic_register {
	REG_ID = 0x02,
	REG_VERSION = 0x03,
	REG_TPR = 0x08,
	REG_PPR = 0x0A,
	REG_EOI = 0x0B,
	REG_LDR = 0x0D,
	REG_SVR = 0x0F,
	REG_ISR = 0x10,
	REG_TMR = 0x18,
	REG_IRR = 0x20,
	REG_ESR = 0x28,
	REG_ICR = 0x30,
	REG_LVT_TIMER = 0x32,
	REG_LVT_THERMAL = 0x33,
	REG_LVT_PERFORMANCE = 0x34,
	REG_LVT_LINT0 = 0x35,
	REG_LVT_LINT1 = 0x36,
	REG_LVT_ERROR = 0x37,
	REG_INITIAL_COUNT = 0x38,
	REG_CURRENT_COUNT = 0x39,
	REG_DIVIDE = 0x3E,
	REG_SELF_IPI = 0x3F,
};

enum {
	LVT_COUNT = REG_LVT_ERROR - REG_LVT_TIMER + 1,
	BASE_BOOTSTRAP = BIT(8),
	BASE_X2APIC = BIT(10),
	BASE_ENABLED = BIT(11),
	VERSION = 0x14 | (LVT_COUNT - 1) << 16,
	CLUSTER_SHIFT = 16,
	SVR_ENABLED = BIT(8),
	LVT_DELIVERY_SHIFT = 8,
	LVT_DELIVERY_MASK = 7,
	LVT_STATUS = BIT(12) | BIT(14),
	LVT_MASKED = BIT(16),
	LVT_TIMER_PERIODIC = BIT(17),
	LVT_TIMER_TSC_DEADLINE = BIT(18),
	ESR_SEND_ILLEGAL = BIT(5),
	ESR_RECEIVE_ILLEGAL = BIT(6),
	ICR_LOGICAL = BIT(11),
	ICR_ASSERT = BIT(14),
	ICR_LEVEL = BIT(15),
	ICR_SHORTHAND_SHIFT = 18,
	FIRST_LEGAL_VECTOR = 16,
};

enum icr_shorthand { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

/* lapic_timer.c */
bool lapic_timer_is_deadline(const struct lapic *l);
void lapic_timer_write_lvt(struct lapic *l, u32 value);
void lapic_timer_set_count(struct lapic *l, u64 tsc, u32 count);
void lapic_timer_set_divide(struct lapic *l, u64 tsc, u32 value);
void lapic_timer_set_deadline(struct lapic *l, u64 deadline);
u32 lapic_timer_count(const struct lapic *l, u64 tsc);

#endif
