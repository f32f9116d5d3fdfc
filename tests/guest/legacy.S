/* Guests in real and 32-bit protected mode, at GUEST_LEGACY; which one, port PORT_CASE says. */
/* cases.h */
#define PORT_CASE 0xE0
#define TASK_SWITCH 0
#define TRIPLE_FAULT 2

	.code16
	.globl _start
_start:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	in	$PORT_CASE, %al
	cmp	$TRIPLE_FAULT, %al
	jne	1f
	/* A table of no size: the fault has no handler, nor has the fault that comes of that. */
	lidtl	no_table - _start
	ud2
1:	mov	%al, %bl
	lgdtl	gdt_pointer - _start
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	$0x7000, %esp
	cmp	$TASK_SWITCH, %bl
	jne	1f
	mov	$0x28, %eax
	ltr	%ax
	ljmp	$0x30, $0
1:	/*
	 * CVE-2015-5307: #AC in ring 3, handled in ring 3 on a stack that is not aligned: delivering it raises it again,
	 * and a processor left alone with that takes no interrupt any more.
	 */
	lidtl	idt_pointer
	mov	%cr0, %eax
	or	$0x40000, %eax /* AM */
	mov	%eax, %cr0
	mov	$0x23, %eax
	mov	%eax, %ds
	pushl	%eax
	pushl	$0x6FFD
	pushl	$0x40002 /* AC */
	pushl	$0x1B
	pushl	$ring_3
	iretl
ring_3:
	mov	0x6001, %eax
	jmp	ring_3

	.balign 8
gdt:
	.quad	0
	.quad	0x00CF9B000000FFFF, 0x00CF93000000FFFF /* 08, 10 */
	.quad	0x00CFFB000000FFFF, 0x00CFF3000000FFFF /* 18, 20: ring 3 */
	.quad	0x0000890060000067, 0x0000890061000067 /* 28, 30: task states at 6000h and 6100h */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
no_table:
	.word	0
	.long	0
idt_pointer:
	.word	18 * 8 - 1
	.long	idt
	.balign 8
idt:
	.fill	17, 8, 0
	.word	ring_3, 0x1B, 0xEE00, 0 /* #AC */
	.section .note.GNU-stack, "", @progbits
