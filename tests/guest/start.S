/*
 * Entry of the 64-bit guests, their descriptors and exception handlers. Every exception is remembered; where one was
 * expected, the code goes on behind what raised it.
 */
	.section .text.start, "ax"
	.globl start
start:
	lgdt	gdt_pointer(%rip)
	pushq	$0x10
	lea	1f(%rip), %rax
	push	%rax
	lretq
1:	mov	$0x18, %eax
	mov	%eax, %ss
	mov	%eax, %ds
	mov	%eax, %es
	/* The task state's address into its descriptor. */
	lea	task_state(%rip), %rax
	mov	%ax, gdt + 0x20 + 2
	shr	$16, %rax
	mov	%al, gdt + 0x20 + 4
	mov	%ah, gdt + 0x20 + 7
	mov	$0x20, %eax
	ltr	%ax
	call	set_up
	lidt	idt_pointer(%rip)
	call	guest_main
2:	cli
	hlt
	jmp	2b

	.text
	.globl vectors
	.balign 16
vectors:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
	pushq	$0
	.endif
	pushq	$vector
	jmp	common
	.set vector, vector + 1
	.endr

	/* Stack: rax, vector, error, rip, cs, flags, rsp, ss. */
common:
	push	%rax
	mov	8(%rsp), %rax
	incq	taken(, %rax, 8)
	cmp	$32, %rax
	jae	interrupt
	cmp	$2, %rax
	je	2f
	mov	%rax, caught(%rip)
	mov	16(%rsp), %rax
	mov	%rax, caught_error(%rip)
	mov	24(%rsp), %rax
	mov	%rax, caught_rip(%rip)
	mov	40(%rsp), %rax
	mov	%rax, caught_flags(%rip)
	/* No single step and no alignment check in what goes on. */
	andl	$~0x40100, 40(%rsp)
	mov	recover(%rip), %rax
	test	%rax, %rax
	jnz	1f
	/* Traps leave the address behind the instruction; a fault that nobody expects ends the case. */
	cmpq	$1, caught(%rip)
	je	2f
	cmpq	$3, caught(%rip)
	je	2f
	jmp	unexpected
1:	mov	%rax, 24(%rsp)
	movq	$0, recover(%rip)
2:	pop	%rax
	add	$16, %rsp
	iretq
interrupt:
	/* Its end to the local APIC: x2APIC EOI. */
	push	%rcx
	push	%rdx
	mov	$0x80B, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	jmp	2b

	/* Out of code that chance wrote, from whatever it came to: nothing of its registers is of use. */
	.globl escape
escape:
	mov	$GUEST_STACK_ESCAPE, %rsp
	cld
	xor	%eax, %eax
	xor	%edx, %edx
	mov	%rax, %dr7
	mov	$0x80B, %ecx
	wrmsr
	jmp	random_next

	.data
	.balign 8
gdt:
	.quad	0, 0
	.quad	0x00AF9B000000FFFF, 0x00CF93000000FFFF
	.quad	0x0000890000000067, 0
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt
	.balign 8
task_state:
	.long	0
	.quad	GUEST_STACK_RING0, 0, 0, 0
	.quad	GUEST_STACK_IST, 0, 0, 0, 0, 0, 0, 0
	.word	0, 104
idt_pointer:
	.word	256 * 16 - 1
	.quad	idt

	.bss
	.balign 4096
	.globl idt
idt:	.fill	4096
	.section .note.GNU-stack, "", @progbits
