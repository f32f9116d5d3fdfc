/*
 * Sending and addressing of interprocessor interrupts (SDM volume 3, "Issuing Interprocessor Interrupts").
 * Trust: in the TCB; pure.
 */
#include "hv/dev/lapic_regs.h"

enum { CLUSTER_SHIFT_XAPIC = 4, CLUSTER_SHIFT_X2APIC = 16 };

/* Both formats: a cluster, and in it one bit a processor. */
static bool in_cluster(u32 logical_id, u32 destination, u32 shift)
{
	u32 members = logical_id & destination & ((1u << shift) - 1);

	return logical_id >> shift == destination >> shift && members;
}

static bool matches_logical(const struct lapic *l, u32 destination)
{
	if (lapic_is_x2apic(l))
		return in_cluster(l->ldr, destination, CLUSTER_SHIFT_X2APIC);
	if (destination > XAPIC_BROADCAST)
		return false;
	u32 id = l->ldr >> XAPIC_ID_SHIFT;
	if (l->dfr >> DFR_MODEL_SHIFT)
		return id & destination;
	return destination == XAPIC_BROADCAST || in_cluster(id, destination, CLUSTER_SHIFT_XAPIC);
}

bool lapic_accepts(const struct lapic *l, const struct apic_message *m)
{
	if (!lapic_is_enabled(l))
		return false;
	if (m->destination == APIC_BROADCAST)
		return true;
	return m->logical ? matches_logical(l, m->destination) : m->destination == l->config.id;
}

static bool has_vector(u8 delivery)
{
	return delivery == DELIVER_FIXED || delivery == DELIVER_LOWEST;
}

static bool is_sendable(u8 delivery)
{
	return has_vector(delivery) || delivery == DELIVER_NMI || delivery == DELIVER_INIT ||
	        delivery == DELIVER_STARTUP;
}

void lapic_send_ipi(struct lapic *l, u32 low, u32 destination)
{
	struct apic_message m = {
		.vector = (u8)low,
		.delivery = low >> LVT_DELIVERY_SHIFT & LVT_DELIVERY_MASK,
		.logical = low & ICR_LOGICAL,
		.destination = destination,
	};

	/* INIT level de-assert only ever synchronised arbitration IDs; SMI is nobody's to send. */
	if (!is_sendable(m.delivery) || (m.delivery == DELIVER_INIT && (low & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL))
		return;
	if (has_vector(m.delivery) && m.vector < FIRST_LEGAL_VECTOR) {
		lapic_raise_error(l, ESR_SEND_ILLEGAL);
		return;
	}
	switch ((enum icr_shorthand)(low >> ICR_SHORTHAND_SHIFT & 3)) {
	case TO_SELF:
		/* Valid for interrupts alone (SDM, table of valid ICR combinations). */
		if (has_vector(m.delivery))
			lapic_deliver(l, m.vector, false);
		return;
	case TO_ALL:
	case TO_OTHERS:
		m.others_only = low >> ICR_SHORTHAND_SHIFT & 1;
		m.destination = APIC_BROADCAST;
		m.logical = false;
		break;
	case TO_DESTINATION:
	default:
		if (!lapic_is_x2apic(l) && !m.logical && destination == XAPIC_BROADCAST)
			m.destination = APIC_BROADCAST;
		break;
	}
	l->config.ipi.send(l->config.ipi.context, &m);
}
