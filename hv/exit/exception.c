/*
 * Exceptions that exit: #DB and #AC, whose delivery a guest can make raise them again without end inside one
 * instruction (CVE-2015-5307, CVE-2015-8104). They are handed on. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"

enum { DR6_FIXED_LOW = 0xFFFF0FF0, DR6_CONDITIONS = 0x600F, DR7_GD = BIT(13) };

/* The exit left DR6 and DR7 as they were: what delivery would have done is in the qualification (SDM 28.2.1). */
static enum exit_result debug(struct vcpu *v, const struct exit *x)
{
	u64 dr6 = vcpu_get(v, VCPU_DR6) & ~(u64)15;

	if (x->exception.int1)
		vcpu_complete(v);
	vcpu_set(v, VCPU_DR6, (dr6 | DR6_FIXED_LOW | (x->qualification & DR6_CONDITIONS)));
	vcpu_set(v, VCPU_DR7, vcpu_get(v, VCPU_DR7) & ~(u64)DR7_GD);
	return vcpu_raise(v, VECTOR_DB, 0);
}

enum exit_result handle_exception(struct vcpu *v, const struct exit *x)
{
	switch (x->exception.vector) {
	case VECTOR_DB:
		return debug(v, x);
	case VECTOR_AC:
		return vcpu_raise(v, VECTOR_AC, x->exception.error);
	default:
		return vcpu_stop(v, x, "an exception nobody asked for");
	}
}
