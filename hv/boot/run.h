/*
 * What the hypervisor does once the machine is its own.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_BOOT_RUN_H
#define SIGNET_HV_BOOT_RUN_H

/* Called once, on the first processor, with all others waiting for work. */
_Noreturn void hv_run(void);

#endif
