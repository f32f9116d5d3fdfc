/*
 * The last word of code without an OS.
 * Trust: in the TCB.
 */
#include "lib/fatal.h"

#include "lib/err.h"
#include "lib/print.h"

static fatal_hook *hook;
static const char *said = "";

void fatal_set(fatal_hook *halt)
{
	hook = halt;
}

const char *fatal_reason(void)
{
	return said;
}

_Noreturn void fatal(const char *reason)
{
	said = reason;
	say("stop %u: %s: %s", (unsigned)ERR_INTERNAL, err_text(ERR_INTERNAL), reason);
	if (hook)
		hook();
	__builtin_trap();
}
