/*
 * The last word of code without an OS: damage that no caller could handle.
 * Trust: in the TCB; the hook is set once at start.
 */
#ifndef SIGNET_LIB_FATAL_H
#define SIGNET_LIB_FATAL_H

/* Stops the machine; must not return. */
typedef void fatal_hook(void);
void fatal_set(fatal_hook *halt);

/* What the last word was about: for the hook. */
const char *fatal_reason(void);

/* Says reason and stops; without a hook, or if that returns, by an invalid instruction. */
_Noreturn void fatal(const char *reason);

#endif
