/* vCPU accessors that need no hardware of their own. Trust: in the TCB; pure. */
#include "hv/vm/vcpu.h"

enum { CS_ACCESS_LONG = BIT(13) };

u64 vcpu_gpr(const struct vcpu *v, u8 number)
{
	return number == RSP ? vcpu_get(v, VCPU_RSP) : v->gpr[number % GPRS];
}

void vcpu_set_gpr(struct vcpu *v, u8 number, u64 value, u32 size)
{
	if (size == 4) {
		value = (u32)value;
	} else if (size < 4) {
		u64 mask = size == 1 ? 0xFF : 0xFFFF;
		value = (vcpu_gpr(v, number) & ~mask) | (value & mask);
	}
	if (number == RSP)
		vcpu_set(v, VCPU_RSP, value);
	else
		v->gpr[number % GPRS] = value;
}

bool vcpu_code_64(const struct vcpu *v)
{
	return vcpu_get(v, VCPU_EFER) & EFER_LMA && vcpu_get(v, VCPU_CS_ACCESS) & CS_ACCESS_LONG;
}

enum exit_result vcpu_raise(struct vcpu *v, u8 vector, u32 error)
{
	struct vcpu_event e = event_exception(vector, error);

	vcpu_set_attention(v);
	if (event_raise(&v->due, &e) == EVENT_DELIVER)
		return EXIT_RETRY;
	return vcpu_stop(v, NULL, "triple fault");
}

enum exit_result vcpu_stop(struct vcpu *v, const struct exit *x, const char *reason)
{
	v->report = reason;
	if (x)
		v->last = *x;
	v->state = VCPU_STOPPED;
	return EXIT_STOP;
}
