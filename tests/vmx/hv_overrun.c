/*
 * In the place of hv/boot/run.c: a hypervisor whose second processor uses up its stack.
 * Trust: test code only.
 */
#include "hv/boot/run.h"
#include "hv/boot/smp.h"

#include "lib/print.h"

enum { FRAME = 512 };

static volatile bool deeper = true;

/* NOLINTNEXTLINE(misc-no-recursion): without end on purpose */
static __attribute__((noinline)) u8 descend(u8 seed)
{
	volatile u8 room[FRAME] = { seed };

	return deeper ? (u8)(descend((u8)(seed + 1)) + room[0]) : room[0];
}

static void overrun(struct cpu *cpu)
{
	if (cpu->number == 1)
		say("overrun test: came back with %u", descend(0));
}

_Noreturn void hv_run(const struct boot_info *info)
{
	(void)info;
	smp_each(overrun);
	say("overrun test: all came back");
	for (;;)
		;
}
