/*
 * vmcs_read and vmcs_write in ring 0, where every file of this directory gets them in front of vmcs.h: an exit reads a
 * dozen fields, each a single instruction and a branch that is never taken. Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_VMX_VMCS_INLINE_H
#define SIGNET_HV_VMX_VMCS_INLINE_H

#include "hv/vmx/fields.h"

/* vmcs.c: fatal, and told apart from other damage. */
_Noreturn void vmcs_broken(void);

static inline u64 vmcs_read(enum vmcs_field field)
{
	u64 value;

	__asm__ goto("vmread %1, %0\n\tjbe %l[broken]" : "=r"(value) : "r"((u64)field) : "cc" : broken);
	return value;
broken:
	vmcs_broken();
}

static inline void vmcs_write(enum vmcs_field field, u64 value)
{
	__asm__ goto("vmwrite %0, %1\n\tjbe %l[broken]" : : "r"(value), "r"((u64)field) : "cc" : broken);
	return;
broken:
	vmcs_broken();
}

#endif
