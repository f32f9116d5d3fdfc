/* What ends all, for hv/vmx/vmcs.h. Trust: in the TCB. */
#include "hv/vmx/vmcs.h"

#include "lib/fatal.h"

/* Not inlined, and never back: what reads fields stays short. */
__attribute__((cold, noinline)) _Noreturn void vmcs_broken(void)
{
	fatal("a VMCS field cannot be read or written");
}
