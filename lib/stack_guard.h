/*
 * The stack protector's canary for code without an OS. Trust: in the TCB.
 */
#ifndef SIGNET_LIB_STACK_GUARD_H
#define SIGNET_LIB_STACK_GUARD_H

#include "lib/types.h"

/*
 * libfdt, as Debian builds it, reads its canary at %fs:0x28. The platform points FS base (MSR C0000100h) here before
 * libfdt's first call, or that reads whatever lies at physical address 28h.
 */
extern u64 stack_guard_fs[6];

/* Call only from a function that never returns: every frame entered before still holds the old value. */
void stack_guard_seed(u64 random);

#endif
