/*
 * What makes this machine a node, in order; then the dispatcher for good.
 * Trust: in the TCB.
 */
#include "hv/boot/run.h"

#include "hv/boot/smp.h"
#include "hv/sched/dispatch.h"
#include "hv/x86/lock.h"

/* Parts that are not linked have no address. */
void node_start(const struct boot_info *info) __attribute__((weak));
void service_start(const struct boot_info *info) __attribute__((weak));

_Noreturn void hv_run(const struct boot_info *info)
{
	hv_root_mode();
	if (node_start)
		node_start(info);
	if (service_start)
		service_start(info);
	smp_leave(dispatch);
}
