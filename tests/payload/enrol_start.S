/*
 * Entry of the enrolment program, a UEFI application. It never returns, but calls firmware services: stack and
 * interrupts stay firmware's. Nothing in it reads %fs, which firmware may use.
 */
	.text
	.globl efi_entry
efi_entry:
	cld
	/* Image handle and system table, out of the way of self_relocate. */
	mov %rcx, %rbx
	mov %rdx, %r12
	and $-16, %rsp
	call self_relocate
	mov %rbx, %rdi
	mov %r12, %rsi
	xor %ebp, %ebp
	call enrol_main

	.section .note.GNU-stack, "", @progbits
