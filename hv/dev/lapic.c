/*
 * Registers, priorities and acceptance of the local APIC. Trust: in the TCB; pure.
 */
#include "hv/dev/lapic.h"

#include "hv/dev/lapic_regs.h"

#include <string.h>

/* What of each LVT entry can be written (SDM, figure "Local Vector Table"). */
static const u32 lvt_writable[LVT_COUNT] = {
	[LVT_TIMER] = 0x700FF,
	[LVT_THERMAL] = 0x107FF,
	[LVT_PERFORMANCE] = 0x107FF,
	[LVT_LINT0] = 0x1A7FF,
	[LVT_LINT1] = 0x1A7FF,
	[LVT_ERROR] = 0x100FF,
};

static void put(struct vector_set *set, u32 vector, bool member)
{
	u32 bit = BIT(vector % 32);

	if (member)
		set->word[vector / 32] |= bit;
	else
		set->word[vector / 32] &= ~bit;
}

static bool has(const struct vector_set *set, u32 vector)
{
	return set->word[vector / 32] & BIT(vector % 32);
}

static int highest(const struct vector_set *set)
{
	for (int i = ARRAY_SIZE(set->word) - 1; i >= 0; i--)
		if (set->word[i])
			return i * 32 + 31 - __builtin_clz(set->word[i]);
	return LAPIC_NONE;
}

static u32 priority_class(u32 v)
{
	return v >> 4;
}

static u32 processor_priority(const struct lapic *l)
{
	int top = highest(&l->isr);
	u32 in_service = top == LAPIC_NONE ? 0 : (u32)top;

	if (priority_class(l->tpr) >= priority_class(in_service))
		return l->tpr;
	return in_service & 0xF0;
}

int lapic_requested(const struct lapic *l)
{
	return lapic_is_enabled(l) ? highest(&l->irr) : LAPIC_NONE;
}

int lapic_pending(const struct lapic *l)
{
	int vector = lapic_requested(l);

	if (vector == LAPIC_NONE || priority_class((u32)vector) <= priority_class(processor_priority(l)))
		return LAPIC_NONE;
	return vector;
}

void lapic_acknowledge(struct lapic *l)
{
	int vector = lapic_pending(l);

	if (vector == LAPIC_NONE)
		return;
	put(&l->irr, (u32)vector, false);
	put(&l->isr, (u32)vector, true);
}

void lapic_raise_error(struct lapic *l, u32 bit)
{
	u32 entry = l->lvt[LVT_ERROR];

	l->esr |= bit;
	/* An error entry with an illegal vector must not report itself. */
	if (!(entry & LVT_MASKED) && (u8)entry >= FIRST_LEGAL_VECTOR)
		lapic_deliver(l, (u8)entry, false);
}

void lapic_deliver(struct lapic *l, u8 vector, bool level)
{
	if (!lapic_is_enabled(l) || !(l->svr & SVR_ENABLED))
		return;
	if (vector < FIRST_LEGAL_VECTOR) {
		lapic_raise_error(l, ESR_RECEIVE_ILLEGAL);
		return;
	}
	put(&l->irr, vector, true);
	put(&l->level, vector, level);
}

static void end_of_interrupt(struct lapic *l)
{
	int vector = highest(&l->isr);

	if (vector == LAPIC_NONE)
		return;
	put(&l->isr, (u32)vector, false);
	if (has(&l->level, (u32)vector))
		l->config.eoi(l->config.eoi_context, (u8)vector);
}

u8 lapic_get_cr8(const struct lapic *l)
{
	return (u8)priority_class(l->tpr);
}

void lapic_set_cr8(struct lapic *l, u8 value)
{
	l->tpr = (value & 15u) << 4;
}

static bool passes(const struct lapic *l, enum lvt i, enum apic_delivery delivery)
{
	u32 entry = l->lvt[i];

	return !(entry & LVT_MASKED) && (entry >> LVT_DELIVERY_SHIFT & LVT_DELIVERY_MASK) == delivery;
}

bool lapic_passes_pic(const struct lapic *l)
{
	/* Switched off, the pin is the processor's INTR again. */
	return !lapic_is_enabled(l) || passes(l, LVT_LINT0, DELIVER_EXTINT);
}

bool lapic_passes_nmi(const struct lapic *l)
{
	return !lapic_is_enabled(l) || passes(l, LVT_LINT1, DELIVER_NMI);
}

static void write_svr(struct lapic *l, u32 value)
{
	l->svr = value & SVR_WRITABLE;
	if (l->svr & SVR_ENABLED)
		return;
	for (u32 i = 0; i < LVT_COUNT; i++)
		l->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct lapic *l, u32 i, u32 value)
{
	value &= lvt_writable[i];
	if (!(l->svr & SVR_ENABLED))
		value |= LVT_MASKED;
	if (i == LVT_TIMER)
		lapic_timer_write_lvt(l, value);
	else
		l->lvt[i] = value;
}

/* A write latches what was collected, and that is what reads show. */
static void write_esr(struct lapic *l)
{
	l->esr_latched = l->esr;
	l->esr = 0;
}

static u32 id_register(const struct lapic *l)
{
	return lapic_is_x2apic(l) ? l->config.id : l->config.id << XAPIC_ID_SHIFT;
}

u32 lapic_read_register(struct lapic *l, u32 reg)
{
	if (reg >= REG_LVT_TIMER && reg <= REG_LVT_ERROR)
		return l->lvt[reg - REG_LVT_TIMER];
	switch (reg & ~7u) {
	case REG_ISR:
		return l->isr.word[reg % 8];
	case REG_TMR:
		return l->level.word[reg % 8];
	case REG_IRR:
		return l->irr.word[reg % 8];
	default:
		break;
	}
	switch (reg) {
	case REG_ID:
		return id_register(l);
	case REG_VERSION:
		return VERSION;
	case REG_TPR:
		return l->tpr;
	case REG_PPR:
		return processor_priority(l);
	case REG_LDR:
		return l->ldr;
	case REG_DFR:
		return l->dfr;
	case REG_SVR:
		return l->svr;
	case REG_ESR:
		return l->esr_latched;
	case REG_ICR_LOW:
		return l->icr_low;
	case REG_ICR_HIGH:
		return l->icr_high;
	case REG_INITIAL_COUNT:
		return l->initial_count;
	case REG_CURRENT_COUNT:
		return lapic_timer_count(l);
	case REG_DIVIDE:
		return l->divide;
	default:
		return 0;
	}
}

void lapic_write_register(struct lapic *l, u32 reg, u32 value)
{
	if (reg >= REG_LVT_TIMER && reg <= REG_LVT_ERROR) {
		write_lvt(l, reg - REG_LVT_TIMER, value);
		return;
	}
	switch (reg) {
	case REG_TPR:
		l->tpr = value & 0xFF;
		break;
	case REG_EOI:
		end_of_interrupt(l);
		break;
	case REG_LDR:
		l->ldr = value & (0xFFu << XAPIC_ID_SHIFT);
		break;
	case REG_DFR:
		l->dfr = value | DFR_LOW;
		break;
	case REG_SVR:
		write_svr(l, value);
		break;
	case REG_ESR:
		write_esr(l);
		break;
	case REG_ICR_LOW:
		l->icr_low = value & ICR_WRITABLE;
		lapic_send_ipi(l, l->icr_low, l->icr_high >> XAPIC_ID_SHIFT);
		break;
	case REG_ICR_HIGH:
		l->icr_high = value & (0xFFu << XAPIC_ID_SHIFT);
		break;
	case REG_INITIAL_COUNT:
		lapic_timer_set_count(l, value);
		break;
	case REG_DIVIDE:
		lapic_timer_set_divide(l, value & DIVIDE_WRITABLE);
		break;
	default:
		break;
	}
}

void lapic_reset(struct lapic *l)
{
	lapic_timer_stop(l);
	memset(&l->irr, 0, sizeof(l->irr));
	memset(&l->isr, 0, sizeof(l->isr));
	memset(&l->level, 0, sizeof(l->level));
	l->tpr = l->ldr = l->esr = l->esr_latched = l->icr_low = l->icr_high = 0;
	l->divide = l->initial_count = 0;
	l->dfr = DFR_FLAT;
	l->svr = 0xFF;
	for (u32 i = 0; i < LVT_COUNT; i++)
		l->lvt[i] = LVT_MASKED;
	if (lapic_is_x2apic(l))
		lapic_enter_x2apic(l);
}

/* The logical ID follows from the ID now; all else goes on (SDM, "x2APIC Transitions From xAPIC Mode"). */
void lapic_enter_x2apic(struct lapic *l)
{
	l->ldr = l->config.id >> 4 << 16 | BIT(l->config.id & 15);
	l->dfr = DFR_FLAT;
	l->icr_high = 0;
}

enum err lapic_init(struct lapic *l, const struct lapic_config *config)
{
	memset(l, 0, sizeof(*l));
	if (config->id >= XAPIC_BROADCAST || !config->timer_hz || !config->tsc_hz)
		return ERR_RANGE;
	l->config = *config;
	l->base = LAPIC_BASE | BASE_ENABLED | (config->bootstrap ? BASE_BOOTSTRAP : 0);
	enum err e = timer_init(config->clock, &l->timer, lapic_timer_expired, l);
	if (!e)
		lapic_reset(l);
	return e;
}
