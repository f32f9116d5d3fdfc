/*
 * The one VM that owns the machine's devices: made and started from the image's measured components, and again when it
 * has ended (docs/service-vm.md). Guests run on meanwhile.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_SERVICE_START_H
#define SIGNET_HV_SERVICE_START_H

#include "hv/boot/handoff.h"

/*
 * Once, on the first processor, in VMX root mode, before the scheduler; info stays. An image without a service kernel
 * has no service VM. Stops the machine when it cannot be made.
 */
void service_start(const struct boot_info *info);

#endif
