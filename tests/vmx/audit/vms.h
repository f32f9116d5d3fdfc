/*
 * The audit over all VMs: none reaches what is not its own. A finding is a panic.
 * Trust: test code only. Under the lock.
 */
#ifndef SIGNET_TESTS_VMX_AUDIT_VMS_H
#define SIGNET_TESTS_VMX_AUDIT_VMS_H

#include "lib/types.h"

/* From now on after each start and destruction of a VM. Before there is one, and before a page was given back. */
void vm_audits_start(void);
/* At once; gives the number of pages that are mapped. */
u64 vm_audit(void);

#endif
