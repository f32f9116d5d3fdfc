/* Between the files of hv/vm and the dispatcher: the VMs there are, and the pages they are made of. Trust: in the TCB.
 */
#ifndef SIGNET_HV_VM_VM_TABLE_H
#define SIGNET_HV_VM_VM_TABLE_H

#include "hv/mem/pool.h"
#include "hv/vm/vm.h"

/* A VM's block: struct vm, and its bitmaps. A vCPU's: struct vcpu with its hardware part, VMCS, extended state. */
enum vm_page {
	PAGE_MSR_BITMAP = (sizeof(struct vm) + POOL_PAGE - 1) / POOL_PAGE,
	PAGE_IO_BITMAPS,
	VM_BLOCK = PAGE_IO_BITMAPS + 2,
};
enum vcpu_page { PAGE_VCPU, PAGE_VMCS, PAGE_XSAVE, VCPU_BLOCK };

extern struct vm *vm_table[VM_MAX]; /* by id - 1 */

/* A vCPU of a VM_STOPPING VM has left its processor: with the last one it is VM_STOPPED. Lock held. */
void vm_settle(struct vm *vm);

#endif
