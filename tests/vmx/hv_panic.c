/*
 * In the place of hv/boot/run.c: a hypervisor that looks for serial ports and writes to its own code.
 * Trust: test code only.
 */
#include "hv/boot/console.h"
#include "hv/boot/run.h"
#include "tests/vmx/audit/root.h"

#include "lib/types.h"

#include "lib/print.h"

enum { COM1 = 0x3F8, ABSENT_PORT = 0x2E8 };

extern u8 hv_head[];

static __attribute__((noinline)) void write_to_code(volatile u8 *code)
{
	*code = 0;
	say("panic test: code was written to");
}

_Noreturn void hv_run(const struct boot_info *info)
{
	(void)info;
	bool absent = console_serial(ABSENT_PORT, 9600), present = console_serial(COM1, 115200);
	say("panic test: a port with nothing behind it is %s, a UART is %s", absent ? "taken" : "left",
	        present ? "taken" : "left");
	root_audit();
	write_to_code(hv_head);
	for (;;)
		;
}
