/*
 * Entries of the exceptions: everything is saved as struct registers (descriptors.h) and given to exception(). What
 * returns from there, an NMI alone, goes on where it was.
 */
	.text
	.globl exception_stubs
	.balign 16
exception_stubs:
	.set vector, 0
	.rept 32
	.balign 16
	/* Where the processor pushes no error code, a zero stands for it (SDM volume 3, table 7-1). */
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
	push $0
	.endif
	push $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

exception_common:
	cld
	.irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	push %\register
	.endr
	mov %rsp, %rdi
	/* A frame for the back trace: the one that was interrupted is told by the registers. */
	xor %ebp, %ebp
	mov %rsp, %rbx
	and $-16, %rsp
	call exception
	mov %rbx, %rsp
	.irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
	pop %\register
	.endr
	add $16, %rsp
	iretq

	/*
	 * The interrupt that ends the sleep does nothing but end it, and lets no further one in; the local APIC knows
	 * which it was. It goes on behind HLT, wherever it came: after an NMI or SMI between STI and HLT an interrupt may
	 * come before HLT, which would then sleep with interrupts off.
	 */
	.globl wait_for_interrupt, interrupt_stub
wait_for_interrupt:
	sti
	hlt
awake:
	cli
	ret
interrupt_stub:
	andl $~0x200, 16(%rsp)
	push %rax
	lea awake(%rip), %rax
	mov %rax, 8(%rsp)
	pop %rax
	iretq

	.globl load_gdt
load_gdt:
	lgdt (%rdi)
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	/* Their bases are set by MSR; the selectors stay null. */
	pop %rax
	pushq $0x08
	push %rax
	lretq

	.section .note.GNU-stack, "", @progbits
