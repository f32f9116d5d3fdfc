/*
 * In the place of hv/boot/run.c: a hypervisor that writes to its own code.
 * Trust: test code only.
 */
#include "hv/boot/run.h"

#include "lib/types.h"

#include "lib/print.h"

extern u8 hv_head[];

static __attribute__((noinline)) void write_to_code(volatile u8 *code)
{
	*code = 0;
	say("panic test: code was written to");
}

_Noreturn void hv_run(const struct boot_info *info)
{
	(void)info;
	write_to_code(hv_head);
	for (;;)
		;
}
