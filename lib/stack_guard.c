/*
 * What gcc's stack protector refers to (-mstack-protector-guard=global).
 * Trust: in the TCB.
 */
#include "lib/stack_guard.h"

#include "lib/fatal.h"

#include <assert.h>

enum { FS_CANARY = 5 };

/* The compiler knows these two names; no header declares them. */
extern u64 __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* Until they are seeded: a value that no text can restore, as it holds a zero, a newline and FFh. */
#define UNSEEDED 0x000AFF0D5C3AA500
u64 __stack_chk_guard = UNSEEDED;
u64 stack_guard_fs[6] = { [FS_CANARY] = UNSEEDED };

static_assert(FS_CANARY * sizeof(u64) == 0x28, "where the psABI puts it");

void stack_guard_seed(u64 random)
{
	/* The low byte, which an overrun reaches first, is zero: a text that runs over can then not restore it. */
	__stack_chk_guard = random & ~(u64)0xFF;
	stack_guard_fs[FS_CANARY] = __stack_chk_guard;
}

_Noreturn void __stack_chk_fail(void)
{
	fatal("a stack buffer was overrun");
}
