/*
 * Interrupts on their way to vCPUs: messages between local APICs and from I/O APICs, and what becomes of them there.
 * Trust: in the TCB; pure.
 */
#include "hv/vm/vcpu.h"

static void receive(struct vcpu *v, const struct apic_message *m)
{
	switch ((enum apic_delivery)m->delivery) {
	case DELIVER_FIXED:
	case DELIVER_LOWEST:
		lapic_deliver(&v->lapic, m->vector, m->level);
		break;
	case DELIVER_NMI:
		v->nmi = true;
		break;
	case DELIVER_INIT:
		v->init = true;
		v->sipi = false;
		break;
	case DELIVER_STARTUP:
		/* It counts from the INIT on, which v may not have come to yet; at any other time it is nothing. */
		if (!v->init && v->state != VCPU_WAITS_SIPI)
			return;
		v->sipi = true;
		v->sipi_vector = m->vector;
		break;
	case DELIVER_SMI:
	case DELIVER_EXTINT:
	default:
		return;
	}
	vcpu_notify(v);
}

static void send(struct vm *vm, const struct vcpu *sender, const struct apic_message *m)
{
	struct vcpu *least = NULL;

	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = vm->vcpu[i];

		if ((v == sender && m->others_only) || !lapic_accepts(&v->lapic, m))
			continue;
		if (m->delivery != DELIVER_LOWEST)
			receive(v, m);
		else if (!least || lapic_get_cr8(&v->lapic) < lapic_get_cr8(&least->lapic))
			least = v;
	}
	if (least)
		receive(least, m);
}

void vm_send(void *context, const struct apic_message *m)
{
	send(context, NULL, m);
}

void vcpu_send(void *context, const struct apic_message *m)
{
	const struct vcpu *v = context;

	send(v->vm, v, m);
}

void vm_end_of_interrupt(void *context, u8 vector)
{
	struct vm *vm = context;

	for (u32 i = 0; i < vm->ioapic_count; i++)
		ioapic_eoi(&vm->ioapic[i], vector);
}

struct irq_line vm_line(struct vm *vm, u32 gsi)
{
	for (u32 i = 0; i < vm->ioapic_count; i++)
		if (gsi - vm->gsi_base[i] < vm->ioapic[i].pins)
			return (struct irq_line){ ioapic_set_line, &vm->ioapic[i], gsi - vm->gsi_base[i] };
	/* A pin that is not there. */
	return (struct irq_line){ ioapic_set_line, &vm->ioapic[0], IOAPIC_PINS_MAX };
}

bool vcpu_ready(const struct vcpu *v)
{
	if (v->vm->state == VM_STOPPING)
		return v->state != VCPU_STOPPED;
	if (v->vm->paused)
		return false;
	switch ((enum vcpu_state)v->state) {
	case VCPU_RUNNABLE:
	case VCPU_PAUSED:
		return true;
	case VCPU_HALTED:
		/* Nobody watches for a timer that came due in a pause. */
		return v->nmi || v->init ||
		        (!v->deaf && (lapic_pending(&v->lapic) != LAPIC_NONE || v->lapic.deadline <= vcpu_tsc(v)));
	case VCPU_WAITS_SIPI:
		return v->sipi;
	case VCPU_STOPPED:
	default:
		return false;
	}
}

/* The guest may ask for a time that no TSC ever shows. */
static u64 machine_time(const struct vcpu *v, u64 guest, u64 guest_now)
{
	u64 now = guest_now - v->vm->tsc_offset, left = guest - guest_now;

	return guest == LAPIC_NEVER || left > UINT64_MAX - now ? LAPIC_NEVER : now + left;
}

void vcpu_attend(struct vcpu *v)
{
	u64 now = vcpu_tsc(v);

	v->attention = false;
	if (v->vm->state == VM_STOPPING)
		v->state = VCPU_STOPPED;
	if (v->state == VCPU_STOPPED) {
		v->deadline = LAPIC_NEVER;
		return;
	}
	if (v->vm->paused) {
		v->state = v->state == VCPU_RUNNABLE ? VCPU_PAUSED : v->state;
		v->deadline = LAPIC_NEVER;
		return;
	}
	lapic_tick(&v->lapic, now);
	if (v->init) {
		v->init = false;
		lapic_reset(&v->lapic);
		v->state = VCPU_WAITS_SIPI;
	}
	if (v->state == VCPU_WAITS_SIPI && v->sipi) {
		v->sipi = false;
		vcpu_begin(v, v->sipi_vector);
		v->state = VCPU_RUNNABLE;
	}
	if (vcpu_ready(v))
		v->state = VCPU_RUNNABLE;
	v->deadline = machine_time(v, v->lapic.deadline, now);
}
