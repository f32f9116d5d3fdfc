/* XSETBV: what the processor would refuse would fault in root mode (SDM volume 1, 13.3). Trust: in the TCB; pure. */
#include "hv/exit/handlers.h"

enum xcr0_bits {
	XCR0_X87 = BIT(0),
	XCR0_SSE = BIT(1),
	XCR0_AVX = BIT(2),
	XCR0_AVX512 = 7 << 5,
};

static bool xcr0_valid(u64 value, u64 offered)
{
	if ((value & ~offered) || !(value & XCR0_X87))
		return false;
	if ((value & XCR0_AVX && !(value & XCR0_SSE)) || (value & XCR0_AVX512 && !(value & XCR0_AVX)))
		return false;
	return !(value & XCR0_AVX512) || (value & XCR0_AVX512) == XCR0_AVX512;
}

enum exit_result handle_xsetbv(struct vcpu *v, const struct exit *x)
{
	u64 value = (u64)(u32)v->gpr[RDX] << 32 | (u32)v->gpr[RAX];

	(void)x;
	if ((u32)v->gpr[RCX] != 0 || !xcr0_valid(value, vcpu_xcr0_allowed(v)))
		return vcpu_raise(v, VECTOR_GP, 0);
	vcpu_set(v, VCPU_XCR0, value);
	return EXIT_SKIP;
}
