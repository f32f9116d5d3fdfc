/*
 * What gcc's stack protector refers to (-mstack-protector-guard=global).
 * Trust: in the TCB.
 */
#include "lib/stack_guard.h"

#include "lib/fatal.h"

/* The compiler knows these two names; no header declares them. */
extern u64 __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* Until it is seeded: a value that no string copy can write, as it holds a zero, a newline and 0xFF. */
u64 __stack_chk_guard = 0x000AFF0D5C3AA596;

void stack_guard_seed(u64 random)
{
	/* The low byte, which an overrun reaches first, is zero: a text that runs over can then not restore it. */
	__stack_chk_guard = random & ~(u64)0xFF;
}

_Noreturn void __stack_chk_fail(void)
{
	fatal("a stack buffer was overrun");
}
