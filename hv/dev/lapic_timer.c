/*
 * The local APIC's timer: one-shot, periodic, TSC deadline. Trust: in the TCB; pure.
 */
#include "hv/dev/lapic_regs.h"

#include "hv/guest/cpuid.h"

enum {
	CRYSTAL_KHZ = GUEST_CRYSTAL_HZ / 1000,
	/* No period below 100 us: a guest must not spend the node's time on its own timer. */
	PERIODS_PER_MS = 10,
};

bool lapic_timer_is_deadline(const struct lapic *l)
{
	return l->reg[REG_LVT_TIMER] & LVT_TIMER_TSC_DEADLINE;
}

static bool is_periodic(const struct lapic *l)
{
	return !lapic_timer_is_deadline(l) && l->reg[REG_LVT_TIMER] & LVT_TIMER_PERIODIC;
}

/* Divide configuration, bits 3, 1 and 0: 2, 4, ... 128, 1. */
static u32 divider(const struct lapic *l)
{
	u32 code = (l->reg[REG_DIVIDE] >> 1 & 4) | (l->reg[REG_DIVIDE] & 3);

	return code == 7 ? 1 : 2u << code;
}

/* TSC ticks from the initial count to zero; at most 2^39 crystal ticks of at most 2^25 kHz. */
static u64 period(const struct lapic *l)
{
	u64 ticks = (u64)l->reg[REG_INITIAL_COUNT] * divider(l) * l->config.tsc_khz / CRYSTAL_KHZ;
	u64 least = l->config.tsc_khz / PERIODS_PER_MS;

	return is_periodic(l) && ticks < least ? least : ticks;
}

/* Milliseconds and the rest apart: a product of whole uptimes would overflow. */
static u64 elapsed(const struct lapic *l, u64 tsc)
{
	u64 khz = l->config.tsc_khz, passed = tsc - l->timer_start;

	return (passed / khz * CRYSTAL_KHZ + passed % khz * CRYSTAL_KHZ / khz) / divider(l);
}

u32 lapic_timer_count(const struct lapic *l, u64 tsc)
{
	u64 initial = l->reg[REG_INITIAL_COUNT], ticks = elapsed(l, tsc);

	if (l->deadline == LAPIC_NEVER || lapic_timer_is_deadline(l))
		return 0;
	if (is_periodic(l))
		ticks %= initial;
	return ticks < initial ? (u32)(initial - ticks) : 0;
}

void lapic_timer_set_count(struct lapic *l, u64 tsc, u32 count)
{
	/* Ignored in deadline mode, as IA32_TSC_DEADLINE is in the others. */
	if (lapic_timer_is_deadline(l))
		return;
	l->reg[REG_INITIAL_COUNT] = count;
	l->timer_start = tsc;
	l->deadline = count ? tsc + period(l) : LAPIC_NEVER;
}

/* A running count starts over: nobody changes the divider of one that matters. */
void lapic_timer_set_divide(struct lapic *l, u64 tsc, u32 value)
{
	l->reg[REG_DIVIDE] = value;
	if (l->deadline != LAPIC_NEVER)
		lapic_timer_set_count(l, tsc, l->reg[REG_INITIAL_COUNT]);
}

void lapic_timer_set_deadline(struct lapic *l, u64 deadline)
{
	if (lapic_timer_is_deadline(l))
		l->deadline = deadline ? deadline : LAPIC_NEVER;
}

void lapic_timer_write_lvt(struct lapic *l, u32 value)
{
	if ((value ^ l->reg[REG_LVT_TIMER]) & LVT_TIMER_TSC_DEADLINE) {
		l->reg[REG_INITIAL_COUNT] = 0;
		l->deadline = LAPIC_NEVER;
	}
	l->reg[REG_LVT_TIMER] = value;
}

/* Missed periods are skipped, never made up for. */
void lapic_tick(struct lapic *l, u64 tsc)
{
	u32 entry = l->reg[REG_LVT_TIMER];

	if (tsc < l->deadline)
		return;
	l->deadline = is_periodic(l) ? tsc + period(l) - (tsc - l->timer_start) % period(l) : LAPIC_NEVER;
	if (!(entry & LVT_MASKED))
		lapic_deliver(l, (u8)entry, false);
}
