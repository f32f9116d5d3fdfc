/*
 * Descriptor tables of one processor, and what becomes of exceptions.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_DESCRIPTORS_H
#define SIGNET_HV_X86_DESCRIPTORS_H

#include "lib/types.h"

#include <assert.h>

enum selector { SELECTOR_CODE = 0x08, SELECTOR_DATA = 0x10, SELECTOR_TASK = 0x18 };

/*
 * What a processor has of its own (cpu_local.h). What may come at any instruction, even where the stack is not usable,
 * has a stack of its own: the number of its IST entry.
 */
enum cpu_area { AREA_STACK, AREA_DOUBLE_FAULT, AREA_NMI, AREA_MACHINE_CHECK, AREA_CPU, CPU_AREAS };

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

struct idt_gate {
	u16 offset_low;
	u16 selector;
	u16 flags; /* bits 0 to 2: number of an own stack; 0 for the stack in use */
	u16 offset_middle;
	u32 offset_high;
	u32 zero;
};
static_assert(sizeof(struct idt_gate) == 16, "Intel SDM volume 3, 7.14.1");
/* The one IDT. */
extern struct idt_gate interrupt_gates[];

/* Exceptions panic from here on, on the stack they find. */
void exceptions_catch(void);

/*
 * Loads GDT, task state and the IDT; d stays the processor's, with its own stacks' ends in it: exceptions use these
 * from the first processor's call on.
 */
void descriptors_load(struct descriptors *d);

#endif
