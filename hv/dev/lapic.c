/*
 * Registers, priorities and messages of the local APIC. Trust: in the TCB; pure.
 */
#include "hv/dev/lapic.h"

#include "hv/dev/lapic_regs.h"

#include <string.h>

#define R(first, count) ((((u64)1 << (count)) - 1) << (first))

/* SDM volume 3, table "Local APIC Register Address Map Supported by x2APIC". */
static const u64 readable = R(REG_ID, 2) | R(REG_TPR, 1) | R(REG_PPR, 1) | R(REG_LDR, 1) | R(REG_SVR, 1) |
        R(REG_ISR, 8) | R(REG_TMR, 8) | R(REG_IRR, 8) | R(REG_ESR, 1) | R(REG_ICR, 1) | R(REG_LVT_TIMER, LVT_COUNT) |
        R(REG_INITIAL_COUNT, 2) | R(REG_DIVIDE, 1);
static const u64 writable = R(REG_TPR, 1) | R(REG_EOI, 1) | R(REG_SVR, 1) | R(REG_ESR, 1) | R(REG_ICR, 1) |
        R(REG_LVT_TIMER, LVT_COUNT) | R(REG_INITIAL_COUNT, 1) | R(REG_DIVIDE, 1) | R(REG_SELF_IPI, 1);

/* A write with any other bit set is a #GP. */
static const u64 writable_bits[LAPIC_REGISTERS] = {
	[REG_TPR] = 0xFF,
	[REG_SVR] = 0x1FF,
	[REG_ICR] = 0xFFFFFFFF000CCFFF,
	[REG_LVT_TIMER] = 0x710FF,
	[REG_LVT_THERMAL] = 0x117FF,
	[REG_LVT_PERFORMANCE] = 0x117FF,
	[REG_LVT_LINT0] = 0x1F7FF,
	[REG_LVT_LINT1] = 0x1F7FF,
	[REG_LVT_ERROR] = 0x110FF,
	[REG_INITIAL_COUNT] = 0xFFFFFFFF,
	[REG_DIVIDE] = 0xB,
	[REG_SELF_IPI] = 0xFF,
};

/* A set of vectors is eight registers, one bit a vector. */
static void put(u32 *set, u32 vector, bool member)
{
	u32 bit = BIT(vector % 32);

	set[vector / 32] = member ? set[vector / 32] | bit : set[vector / 32] & ~bit;
}

static int highest(const u32 *set)
{
	for (int i = 7; i >= 0; i--)
		if (set[i])
			return i * 32 + 31 - __builtin_clz(set[i]);
	return LAPIC_NONE;
}

static u32 priority_class(u32 v)
{
	return v >> 4;
}

static u32 processor_priority(const struct lapic *l)
{
	int top = highest(&l->reg[REG_ISR]);
	u32 in_service = top == LAPIC_NONE ? 0 : (u32)top;

	if (priority_class(l->reg[REG_TPR]) >= priority_class(in_service))
		return l->reg[REG_TPR];
	return in_service & 0xF0;
}

int lapic_requested(const struct lapic *l)
{
	return highest(&l->reg[REG_IRR]);
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
	put(&l->reg[REG_IRR], (u32)vector, false);
	put(&l->reg[REG_ISR], (u32)vector, true);
}

u8 lapic_get_cr8(const struct lapic *l)
{
	return (u8)priority_class(l->reg[REG_TPR]);
}

void lapic_set_cr8(struct lapic *l, u8 value)
{
	l->reg[REG_TPR] = (u32)(value & 15) << 4;
}

static void raise_error(struct lapic *l, u32 bit)
{
	u32 entry = l->reg[REG_LVT_ERROR];

	l->errors |= bit;
	/* An error entry with an illegal vector must not report itself. */
	if (!(entry & LVT_MASKED) && (u8)entry >= FIRST_LEGAL_VECTOR)
		lapic_deliver(l, (u8)entry, false);
}

void lapic_deliver(struct lapic *l, u8 vector, bool level)
{
	if (!(l->reg[REG_SVR] & SVR_ENABLED))
		return;
	if (vector < FIRST_LEGAL_VECTOR) {
		raise_error(l, ESR_RECEIVE_ILLEGAL);
		return;
	}
	put(&l->reg[REG_IRR], vector, true);
	put(&l->reg[REG_TMR], vector, level);
}

static void end_of_interrupt(struct lapic *l)
{
	int top = highest(&l->reg[REG_ISR]);

	if (top == LAPIC_NONE)
		return;
	u32 vector = (u32)top;
	put(&l->reg[REG_ISR], vector, false);
	if (l->reg[REG_TMR + vector / 32] & BIT(vector % 32))
		l->config.eoi(l->config.eoi_context, (u8)vector);
}

/* A logical ID is a cluster and in it one bit a processor; of an I/O APIC's eight bits, all are cluster 0's. */
bool lapic_accepts(const struct lapic *l, const struct apic_message *m)
{
	u32 own = l->reg[REG_LDR];

	if (m->destination == APIC_BROADCAST)
		return true;
	if (!m->logical)
		return m->destination == l->config.id;
	return own >> CLUSTER_SHIFT == m->destination >> CLUSTER_SHIFT && (u16)(own & m->destination);
}

static bool has_vector(u8 delivery)
{
	return delivery == DELIVER_FIXED || delivery == DELIVER_LOWEST;
}

/* INIT level de-assert only ever synchronised arbitration IDs; SMI is nobody's to send. */
static bool is_sendable(u8 delivery, u32 low)
{
	if (delivery == DELIVER_INIT)
		return (low & (ICR_LEVEL | ICR_ASSERT)) != ICR_LEVEL;
	return has_vector(delivery) || delivery == DELIVER_NMI || delivery == DELIVER_STARTUP;
}

static void send_ipi(struct lapic *l, u32 low, u32 destination)
{
	u32 shorthand = low >> ICR_SHORTHAND_SHIFT & 3;
	struct apic_message m = {
		.vector = (u8)low,
		.delivery = low >> LVT_DELIVERY_SHIFT & LVT_DELIVERY_MASK,
		.logical = low & ICR_LOGICAL && shorthand == TO_DESTINATION,
		.destination = shorthand == TO_DESTINATION ? destination : APIC_BROADCAST,
		.others_only = shorthand == TO_OTHERS,
	};

	if (!is_sendable(m.delivery, low))
		return;
	if (has_vector(m.delivery) && m.vector < FIRST_LEGAL_VECTOR)
		raise_error(l, ESR_SEND_ILLEGAL);
	else if (shorthand != TO_SELF)
		l->config.ipi.send(l->config.ipi.context, &m);
	/* Valid for interrupts alone (SDM, table of valid ICR combinations). */
	else if (has_vector(m.delivery))
		lapic_deliver(l, m.vector, false);
}

static u64 base_of(const struct lapic *l)
{
	return LAPIC_BASE | BASE_ENABLED | BASE_X2APIC | (l->config.bootstrap ? BASE_BOOTSTRAP : 0);
}

bool lapic_rdmsr(struct lapic *l, u32 msr, u64 tsc, u64 *value)
{
	u32 reg = msr - MSR_X2APIC_FIRST;

	if (msr == MSR_APIC_BASE) {
		*value = base_of(l);
		return true;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*value = lapic_timer_is_deadline(l) && l->deadline != LAPIC_NEVER ? l->deadline : 0;
		return true;
	}
	if (reg >= LAPIC_REGISTERS || !(readable >> reg & 1))
		return false;
	if (reg == REG_ICR)
		*value = l->icr;
	else if (reg == REG_PPR)
		*value = processor_priority(l);
	else if (reg == REG_CURRENT_COUNT)
		*value = lapic_timer_count(l, tsc);
	else
		*value = l->reg[reg];
	return true;
}

/* Status bits are not the guest's; software-disabled, every entry stays masked. */
static u32 lvt_value(const struct lapic *l, u32 value)
{
	return (value & ~(u32)LVT_STATUS) | (l->reg[REG_SVR] & SVR_ENABLED ? 0 : LVT_MASKED);
}

static void write_register(struct lapic *l, u32 reg, u64 tsc, u64 value)
{
	switch (reg) {
	case REG_EOI:
		end_of_interrupt(l);
		break;
	case REG_ESR: /* latches what was collected, and that is what reads show */
		l->reg[REG_ESR] = l->errors;
		l->errors = 0;
		break;
	case REG_ICR:
		l->icr = value;
		send_ipi(l, (u32)value, (u32)(value >> 32));
		break;
	case REG_SELF_IPI:
		send_ipi(l, (u32)value | TO_SELF << ICR_SHORTHAND_SHIFT, 0);
		break;
	case REG_SVR:
		l->reg[REG_SVR] = (u32)value;
		for (u32 i = 0; i < LVT_COUNT && !(value & SVR_ENABLED); i++)
			l->reg[REG_LVT_TIMER + i] |= LVT_MASKED;
		break;
	case REG_LVT_TIMER:
		lapic_timer_write_lvt(l, lvt_value(l, (u32)value));
		break;
	case REG_INITIAL_COUNT:
		lapic_timer_set_count(l, tsc, (u32)value);
		break;
	case REG_DIVIDE:
		lapic_timer_set_divide(l, tsc, (u32)value);
		break;
	default: /* TPR, and all LVT entries but the timer's */
		l->reg[reg] = reg == REG_TPR ? (u32)value : lvt_value(l, (u32)value);
		break;
	}
}

bool lapic_wrmsr(struct lapic *l, u32 msr, u64 tsc, u64 value)
{
	u32 reg = msr - MSR_X2APIC_FIRST;

	/* Neither the mode nor the place can change, and who is the bootstrap processor is decided. */
	if (msr == MSR_APIC_BASE)
		return value == base_of(l);
	if (msr == MSR_TSC_DEADLINE) {
		lapic_timer_set_deadline(l, value);
		return true;
	}
	if (reg >= LAPIC_REGISTERS || !(writable >> reg & 1) || value & ~writable_bits[reg])
		return false;
	write_register(l, reg, tsc, value);
	return true;
}

void lapic_reset(struct lapic *l)
{
	u32 id = l->config.id;

	memset(l->reg, 0, sizeof(l->reg));
	l->icr = l->errors = 0;
	l->deadline = LAPIC_NEVER;
	l->reg[REG_ID] = id;
	l->reg[REG_LDR] = id >> 4 << CLUSTER_SHIFT | BIT(id & 15);
	l->reg[REG_VERSION] = VERSION;
	l->reg[REG_SVR] = 0xFF;
	for (u32 i = 0; i < LVT_COUNT; i++)
		l->reg[REG_LVT_TIMER + i] = LVT_MASKED;
}

void lapic_init(struct lapic *l, const struct lapic_config *config)
{
	l->config = *config;
	lapic_reset(l);
}
