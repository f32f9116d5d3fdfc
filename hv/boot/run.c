/*
 * What makes this machine a node, in order; then the dispatcher for good.
 * Trust: in the TCB.
 */
#include "hv/boot/run.h"

#include "hv/boot/smp.h"
#include "hv/node/node.h"
#include "hv/sched/dispatch.h"
#include "hv/service/service.h"

_Noreturn void hv_run(const struct boot_info *info)
{
	hv_root_mode();
	node_start(info);
	service_start(info);
	smp_leave(dispatch);
}
