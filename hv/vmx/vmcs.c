/* What ends all, for hv/vmx/vmcs.h. Trust: in the TCB; hardware access. */
#include "hv/vmx/vmcs.h"

#include "hv/boot/panic.h"

#include "lib/fatal.h"

/* Not inlined, and never back: what reads fields stays short. */
__attribute__((cold, noinline)) _Noreturn void vmcs_broken(void)
{
	fatal("a VMCS field cannot be read or written");
}

/* The report shows the banks. */
_Noreturn void live_machine_check(void)
{
	panic("a machine check in a guest");
}
