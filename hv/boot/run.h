/*
 * What the hypervisor does once the machine is its own.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_BOOT_RUN_H
#define SIGNET_HV_BOOT_RUN_H

struct boot_info;

/* Called once, on the first processor, with all others waiting for work. */
_Noreturn void hv_run(const struct boot_info *info);

/* What it does first: all processors into VMX root mode, and all that VMs need. Stops when one falls short. */
void hv_root_mode(void);

#endif
