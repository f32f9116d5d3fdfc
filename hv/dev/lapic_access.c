/*
 * The two ways to the local APIC's registers, and the switch between them. Trust: in the TCB; pure.
 */
#include "hv/dev/lapic_regs.h"

enum access {
	NO = 0,
	R = BIT(0),
	W = BIT(1),
	RW = R | W,
};

struct rule {
	u8 first, last;
	u8 xapic, x2apic; /* enum access */
	/* x2APIC: a write with any other bit set is a #GP. */
	u64 writable;
};

/* SDM volume 3, tables "Local APIC Register Address Map" and "Local APIC Register Address Map Supported by x2APIC". */
static const struct rule rules[] = {
	{ REG_ID, REG_ID, RW, R, 0 },
	{ REG_VERSION, REG_VERSION, R, R, 0 },
	{ REG_TPR, REG_TPR, RW, RW, 0xFF },
	{ REG_PPR, REG_PPR, R, R, 0 },
	{ REG_EOI, REG_EOI, W, W, 0 },
	{ REG_LDR, REG_LDR, RW, R, 0 },
	{ REG_DFR, REG_DFR, RW, NO, 0 },
	{ REG_SVR, REG_SVR, RW, RW, 0x1FF },
	{ REG_ISR, REG_ISR + 7, R, R, 0 },
	{ REG_TMR, REG_TMR + 7, R, R, 0 },
	{ REG_IRR, REG_IRR + 7, R, R, 0 },
	{ REG_ESR, REG_ESR, RW, RW, 0 },
	{ REG_ICR_LOW, REG_ICR_LOW, RW, RW, 0xFFFFFFFF000CCFFF },
	{ REG_ICR_HIGH, REG_ICR_HIGH, RW, NO, 0 },
	{ REG_LVT_TIMER, REG_LVT_TIMER, RW, RW, 0x710FF },
	{ REG_LVT_THERMAL, REG_LVT_PERFORMANCE, RW, RW, 0x117FF },
	{ REG_LVT_LINT0, REG_LVT_LINT1, RW, RW, 0x1F7FF },
	{ REG_LVT_ERROR, REG_LVT_ERROR, RW, RW, 0x110FF },
	{ REG_INITIAL_COUNT, REG_INITIAL_COUNT, RW, RW, 0xFFFFFFFF },
	{ REG_CURRENT_COUNT, REG_CURRENT_COUNT, R, R, 0 },
	{ REG_DIVIDE, REG_DIVIDE, RW, RW, 0xB },
	{ REG_SELF_IPI, REG_SELF_IPI, NO, W, 0xFF },
};

static const struct rule *find(u32 reg)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (reg >= rules[i].first && reg <= rules[i].last)
			return &rules[i];
	return NULL;
}

/* The rule that allows this access in the page; anything else is an error the guest can read. */
static const struct rule *in_page(struct lapic *l, u32 offset, enum access access)
{
	const struct rule *rule = find(offset / 16);

	if (is_aligned(offset, 16) && rule && rule->xapic & access)
		return rule;
	lapic_raise_error(l, ESR_ILLEGAL_REGISTER);
	return NULL;
}

static bool page_is_there(const struct lapic *l, u32 offset)
{
	return offset < LAPIC_SIZE && lapic_is_enabled(l) && !lapic_is_x2apic(l);
}

u32 lapic_mmio_read(struct lapic *l, u32 offset)
{
	if (!page_is_there(l, offset))
		return UINT32_MAX;
	return in_page(l, offset, R) ? lapic_read_register(l, offset / 16) : 0;
}

void lapic_mmio_write(struct lapic *l, u32 offset, u32 value)
{
	if (page_is_there(l, offset) && in_page(l, offset, W))
		lapic_write_register(l, offset / 16, value);
}

static bool write_base(struct lapic *l, u64 value)
{
	const u64 modes = BASE_ENABLED | BASE_X2APIC;
	u64 from = l->base & modes, to = value & modes;

	/* The page cannot move, and who is the bootstrap processor is decided. */
	if ((value ^ l->base) & ~modes || to == BASE_X2APIC)
		return false;
	/* Out of x2APIC mode only through off, and from off only to xAPIC (SDM, "x2APIC State Transitions"). */
	if ((from == modes && to == BASE_ENABLED) || (from == 0 && to == modes))
		return false;
	l->base = value;
	if (to == modes && from != modes)
		lapic_enter_x2apic(l);
	else if (to != from)
		lapic_reset(l);
	return true;
}

static const struct rule *in_msrs(const struct lapic *l, u32 msr, enum access access)
{
	if (msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST || !lapic_is_x2apic(l))
		return NULL;
	const struct rule *rule = find(msr - MSR_X2APIC_FIRST);
	return rule && rule->x2apic & access ? rule : NULL;
}

bool lapic_rdmsr(struct lapic *l, u32 msr, u64 *value)
{
	if (msr == MSR_APIC_BASE) {
		*value = l->base;
		return true;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*value = l->tsc_deadline;
		return true;
	}
	if (!in_msrs(l, msr, R))
		return false;
	*value = lapic_read_register(l, msr - MSR_X2APIC_FIRST);
	if (msr == MSR_X2APIC_FIRST + REG_ICR_LOW)
		*value |= (u64)l->icr_high << 32;
	return true;
}

static void write_icr(struct lapic *l, u64 value)
{
	l->icr_low = (u32)value;
	l->icr_high = (u32)(value >> 32);
	lapic_send_ipi(l, l->icr_low, l->icr_high);
}

static void write_x2apic(struct lapic *l, u32 reg, u64 value)
{
	if (reg == REG_ICR_LOW)
		write_icr(l, value);
	else if (reg == REG_SELF_IPI)
		lapic_send_ipi(l, (u32)value | TO_SELF << ICR_SHORTHAND_SHIFT, 0);
	else
		lapic_write_register(l, reg, (u32)value);
}

bool lapic_wrmsr(struct lapic *l, u32 msr, u64 value)
{
	if (msr == MSR_APIC_BASE)
		return write_base(l, value);
	if (msr == MSR_TSC_DEADLINE) {
		lapic_timer_set_deadline(l, value);
		return true;
	}
	const struct rule *rule = in_msrs(l, msr, W);
	if (!rule || value & ~rule->writable)
		return false;
	write_x2apic(l, msr - MSR_X2APIC_FIRST, value);
	return true;
}
