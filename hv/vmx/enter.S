/*
 * Into a guest and back out of it: general registers by hand, everything else by the VMCS.
 * Trust: in the TCB; hardware access. bool vmx_enter(struct vcpu *v, bool launched)
 */
#define HOST_RSP_FIELD 0x6C14
#define MITIGATE_VERW 4 /* mitigate.h */

	.macro	load_registers
	/* After the last of root mode's own data. */
	testb	$MITIGATE_VERW, vmx_machine(%rip)
	jz	1f
	verw	data_selector(%rip)
1:
	mov	0(%rdi), %rax
	mov	8(%rdi), %rcx
	mov	16(%rdi), %rdx
	mov	24(%rdi), %rbx
	mov	40(%rdi), %rbp
	mov	48(%rdi), %rsi
	mov	64(%rdi), %r8
	mov	72(%rdi), %r9
	mov	80(%rdi), %r10
	mov	88(%rdi), %r11
	mov	96(%rdi), %r12
	mov	104(%rdi), %r13
	mov	112(%rdi), %r14
	mov	120(%rdi), %r15
	mov	56(%rdi), %rdi
	.endm

	.section .text.vmx_enter, "ax"
	.globl vmx_enter, vmx_exit
	.hidden vmx_enter, vmx_exit
	.type vmx_enter, @function
	.type vmx_exit, @function
vmx_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	$HOST_RSP_FIELD, %eax
	vmwrite	%rsp, %rax
	jbe	refused
	test	%sil, %sil
	jz	launch
again:
	load_registers
	vmresume
	jmp	refused
launch:
	load_registers
	vmlaunch
	/* Neither comes back but by failing, on the same stack. */
refused:
	xor	%eax, %eax
	jmp	leave

	/* The processor has restored RSP alone. */
vmx_exit:
	xchg	%rdi, (%rsp)
	mov	%rax, 0(%rdi)
	mov	%rcx, 8(%rdi)
	mov	%rdx, 16(%rdi)
	mov	%rbx, 24(%rdi)
	mov	%rbp, 40(%rdi)
	mov	%rsi, 48(%rdi)
	pop	56(%rdi)
	push	%rdi
	mov	%r8, 64(%rdi)
	mov	%r9, 72(%rdi)
	mov	%r10, 80(%rdi)
	mov	%r11, 88(%rdi)
	mov	%r12, 96(%rdi)
	mov	%r13, 104(%rdi)
	mov	%r14, 112(%rdi)
	mov	%r15, 120(%rdi)
	/* What the guest left is no input for speculation here; the others are overwritten at once. */
	.irp	register, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
	xor	%\register, %\register
	.endr
	call	vmx_exited
	mov	(%rsp), %rdi
	test	%al, %al
	jnz	again
	mov	$1, %eax
leave:
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size vmx_enter, . - vmx_enter

	.section .rodata
	/* Any writable data segment will do. */
data_selector:
	.word	0x10
