/* Which event comes next, and double faults. Trust: in the TCB; pure. */
#include "hv/vm/event.h"

enum fault_class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

/* SDM table 6-5; #DF itself is handled before. #CP is contributory since CET. */
static enum fault_class class_of(u8 vector)
{
	static const u32 contributory =
	        BIT(VECTOR_DE) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) | BIT(VECTOR_CP);

	if (vector == VECTOR_PF)
		return PAGE_FAULT;
	return vector < VECTOR_INTERRUPTS && contributory >> vector & 1 ? CONTRIBUTORY : BENIGN;
}

struct vcpu_event event_exception(u8 vector, u32 error)
{
	static const u32 with_error = BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) |
	        BIT(VECTOR_GP) | BIT(VECTOR_PF) | BIT(VECTOR_AC) | BIT(VECTOR_CP);
	bool has_error = vector < VECTOR_INTERRUPTS && with_error >> vector & 1;

	return (struct vcpu_event){
		.type = EVENT_EXCEPTION, .vector = vector, .has_error = has_error, .error = has_error ? error : 0
	};
}

enum event_outcome event_raise(struct vcpu_event *first, const struct vcpu_event *second)
{
	/* Only exceptions combine: an interrupt's delivery that faults is simply lost to the fault (SDM table 6-5). */
	enum fault_class was = first->type == EVENT_EXCEPTION ? class_of(first->vector) : BENIGN;
	enum fault_class now = class_of(second->vector);

	if (first->type == EVENT_EXCEPTION && first->vector == VECTOR_DF && now != BENIGN)
		return EVENT_SHUTDOWN;
	if ((was == CONTRIBUTORY && now == CONTRIBUTORY) || (was == PAGE_FAULT && now != BENIGN))
		*first = event_exception(VECTOR_DF, 0);
	else
		*first = *second;
	return EVENT_DELIVER;
}

struct event_choice event_choose(const struct event_state *s)
{
	/* The processor refuses entry with an NMI or interrupt after MOV SS; some refuse NMIs after STI too
	 * (SDM 27.3.1.5). */
	bool can_nmi = !s->in_nmi && !s->shadow;
	bool can_interrupt = s->interrupts_enabled && !s->shadow;
	struct event_choice c = { .now = CHOOSE_NOTHING };

	if (s->due.type != EVENT_NONE)
		c.now = CHOOSE_DUE;
	else if (s->nmi && can_nmi)
		c.now = CHOOSE_NMI;
	else if (s->interrupt && can_interrupt)
		c.now = CHOOSE_INTERRUPT;
	c.nmi_window = s->nmi && c.now != CHOOSE_NMI;
	c.interrupt_window = s->interrupt && c.now != CHOOSE_INTERRUPT;
	return c;
}
