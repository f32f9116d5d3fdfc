/*
 * Events on their way into a vCPU: exceptions, NMIs, interrupts. What is delivered next, what has to wait for a window,
 * and what a fault during delivery turns into (SDM volume 3A, 6.7-6.15, volume 3C, 27.2.4). Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_VM_EVENT_H
#define SIGNET_HV_VM_EVENT_H

#include "lib/types.h"

enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_UD = 6,
	VECTOR_DF = 8,
	VECTOR_TS = 10,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_AC = 17,
	VECTOR_MC = 18,
	VECTOR_CP = 21,
	VECTOR_INTERRUPTS = 32, /* the first that is no exception */
};

/* The processor's own numbers, the same in every kind of interruption information. */
enum event_type {
	EVENT_INTERRUPT = 0,
	EVENT_NMI = 2,
	EVENT_EXCEPTION = 3,
	EVENT_SOFTWARE_INTERRUPT = 4,
	EVENT_PRIVILEGED_EXCEPTION = 5, /* INT1 */
	EVENT_SOFTWARE_EXCEPTION = 6, /* INT3, INTO */
	EVENT_NONE = 1, /* reserved there, nothing here */
};

struct vcpu_event {
	u8 type; /* enum event_type */
	u8 vector;
	bool has_error;
	u8 length; /* of the instruction that raised a software event */
	u32 error;
};

#define NO_EVENT ((struct vcpu_event){ .type = EVENT_NONE })

/* The hardware exception with the error code that it has, or none. */
struct vcpu_event event_exception(u8 vector, u32 error);

enum event_outcome { EVENT_DELIVER, EVENT_SHUTDOWN };

/*
 * An exception raised while first was being delivered: *first becomes what is delivered instead, which may be #DF.
 * EVENT_SHUTDOWN: a triple fault.
 */
enum event_outcome event_raise(struct vcpu_event *first, const struct vcpu_event *second);

/* What stands in the way of events, as the guest has it. */
struct event_state {
	struct vcpu_event due; /* an exception, or an event whose delivery was cut short: nothing goes before it */
	bool nmi; /* one is waiting */
	bool interrupt; /* the local APIC has one */
	bool interrupts_enabled; /* RFLAGS.IF */
	bool shadow; /* of STI or MOV SS */
	bool in_nmi;
};

struct event_choice {
	enum { CHOOSE_NOTHING, CHOOSE_DUE, CHOOSE_NMI, CHOOSE_INTERRUPT } now;
	bool nmi_window, interrupt_window; /* exit as soon as the other one can be delivered */
};

struct event_choice event_choose(const struct event_state *s);

#endif
