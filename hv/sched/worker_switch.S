/*
 * From one stack to the other: what a call keeps is kept on the stack that is left.
 * Trust: in the TCB. void worker_switch(u64 *from, u64 to)
 */
	.text
	.globl worker_switch, worker_entry
	.hidden worker_switch, worker_entry
	.type worker_switch, @function
worker_switch:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size worker_switch, . - worker_switch

	/* The first time: on the empty stack, with no frame above. */
worker_entry:
	xor	%ebp, %ebp
	call	worker_main

	.section .note.GNU-stack, "", @progbits
