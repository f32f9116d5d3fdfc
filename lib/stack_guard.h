/*
 * The stack protector's canary for code without an OS. Trust: in the TCB.
 */
#ifndef SIGNET_LIB_STACK_GUARD_H
#define SIGNET_LIB_STACK_GUARD_H

#include "lib/types.h"

/* Call only from a function that never returns: every frame entered before still holds the old value. */
void stack_guard_seed(u64 random);

#endif
