/* Events into the VMCS and out of it again. Trust: in the TCB; pure over vmcs_read and vmcs_write. */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

enum { EPT_NMI_UNBLOCKED = BIT(12) };

static void set_nmi_blocking(bool blocked)
{
	u64 state = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & ~(u64)BLOCKED_BY_NMI;

	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, state | (blocked ? BLOCKED_BY_NMI : 0));
}

/* An IRET that faulted had unblocked NMIs already; it will run again (SDM 28.2.3). */
static bool iret_unblocked(const struct exit *x)
{
	if (x->kind == EXIT_MEMORY)
		return x->qualification & EPT_NMI_UNBLOCKED;
	return x->kind == EXIT_EXCEPTION && x->exception.vector != VECTOR_DF &&
	        vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTERRUPTION_NMI_UNBLOCKED;
}

void vmx_collect(struct vcpu *v, const struct exit *x)
{
	u32 info = (u32)vmcs_read(VMCS_IDT_VECTORING_INFO);

	if (!(info & INTERRUPTION_VALID)) {
		if (iret_unblocked(x))
			set_nmi_blocking(true);
		return;
	}
	vcpu_set_attention(v);
	v->due = (struct vcpu_event){ .type = (u8)((info & INTERRUPTION_TYPE) >> INTERRUPTION_TYPE_SHIFT),
		.vector = (u8)(info & INTERRUPTION_VECTOR),
		.has_error = info & INTERRUPTION_ERROR_CODE };
	if (v->due.has_error)
		v->due.error = (u32)vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE);
	if (v->due.type >= EVENT_SOFTWARE_INTERRUPT)
		v->due.length = (u8)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	/* Its delivery had begun and blocks NMIs; entry would refuse to deliver it once more (SDM 27.3.1.5). */
	if (v->due.type == EVENT_NMI)
		set_nmi_blocking(false);
}

static void put(const struct vcpu_event *e)
{
	if (e->has_error)
		vmcs_write(VMCS_ENTRY_ERROR_CODE, e->error);
	if (e->length)
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, e->length);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
	        INTERRUPTION_VALID | (e->has_error ? INTERRUPTION_ERROR_CODE : 0) |
	                (u32)e->type << INTERRUPTION_TYPE_SHIFT | e->vector);
}

/* Exceptions after MOV SS or STI are fine for the processor but for these shadows, which end with the delivery. */
static void put_due(struct vcpu *v)
{
	u64 state = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	/* In real mode exceptions push no error code, and entry refuses one (SDM 27.2.1.3). */
	if (!(vmcs_read(VMCS_GUEST_CR0) & CR0_PE))
		v->due.has_error = false;
	if (state & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, state & ~(u64)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	put(&v->due);
	v->due = NO_EVENT;
}

static void open_windows(struct vcpu_hardware *h, const struct event_choice *c)
{
	u32 controls = h->processor_controls & ~(u32)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);

	controls |= (c->interrupt_window ? PROC_INTERRUPT_WINDOW : 0) | (c->nmi_window ? PROC_NMI_WINDOW : 0);
	if (controls == h->processor_controls)
		return;
	h->processor_controls = controls;
	vmcs_write(VMCS_PROCESSOR_CONTROLS, controls);
}

static struct event_state state_of(const struct vcpu *v, bool interrupt)
{
	u64 blocked = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	return (struct event_state){ .due = v->due,
		.nmi = v->nmi,
		.interrupt = interrupt,
		.interrupts_enabled = vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF,
		.shadow = blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS),
		.in_nmi = blocked & BLOCKED_BY_NMI };
}

void vmx_inject(struct vcpu *v)
{
	bool interrupt = lapic_pending(&v->lapic) != LAPIC_NONE;
	struct event_choice c = { .now = CHOOSE_NOTHING };

	if (v->due.type != EVENT_NONE || v->nmi || interrupt) {
		struct event_state s = state_of(v, interrupt);
		c = event_choose(&s);
	}
	if (c.now == CHOOSE_DUE) {
		put_due(v);
	} else if (c.now == CHOOSE_NMI) {
		v->nmi = false;
		put(&(struct vcpu_event){ .type = EVENT_NMI, .vector = VECTOR_NMI });
	} else if (c.now == CHOOSE_INTERRUPT) {
		put(&(struct vcpu_event){ .type = EVENT_INTERRUPT, .vector = (u8)lapic_pending(&v->lapic) });
		lapic_acknowledge(&v->lapic);
		/* The next one behind it needs a window of its own. */
		c.interrupt_window = lapic_pending(&v->lapic) != LAPIC_NONE;
	}
	open_windows(v->hardware, &c);
}
