/*
 * Stopping for good: never back to firmware or loader, which would boot something else.
 * Trust: in the TCB.
 */
#include "secureboot/stop.h"

#include "secureboot/cpu.h"

#include "lib/print.h"

_Noreturn void stop(enum err e)
{
	const char *advice = stop_advice(e);

	say("stop %u: %s", (u32)e, err_text(e));
	if (advice)
		say("what to do: %s", advice);
	halt();
}
