/*
 * Descriptor tables of one processor, and what becomes of exceptions.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_DESCRIPTORS_H
#define SIGNET_HV_X86_DESCRIPTORS_H

#include "lib/types.h"

#include <assert.h>

enum selector { SELECTOR_CODE = 0x08, SELECTOR_DATA = 0x10, SELECTOR_TASK = 0x18 };

/* What may come at any instruction, even where the stack is not usable, has a stack of its own. */
enum own_stack { STACK_DOUBLE_FAULT, STACK_NMI, STACK_MACHINE_CHECK, OWN_STACKS };

struct __attribute__((packed)) task_segment {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_map;
};
static_assert(sizeof(struct task_segment) == 104, "Intel SDM volume 3, 8.7");

struct descriptors {
	u64 gdt[5];
	struct task_segment task;
};

/* As exceptions.S leaves them on the stack. */
struct registers {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, flags, rsp, ss;
};
static_assert(sizeof(struct registers) == 22 * 8, "exceptions.S");

/* Exceptions panic from here on, on the stack they find. */
void exceptions_catch(void);
/* From here on they use own stacks: every processor that runs has loaded its descriptors. */
void exceptions_use_own_stacks(void);

/* Loads GDT, task state and the one IDT. tops: the own stacks' ends; d stays the processor's. */
void descriptors_load(struct descriptors *d, const u64 tops[OWN_STACKS]);

#endif
