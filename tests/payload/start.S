/*
 * Head and entry of the test payload (docs/format.md, "Hypervisor component"; docs/handoff.md).
 */
	.section .head, "a"
	.globl payload_head
payload_head:
	.ascii "SIGNETHV"
	.long 1
	.long payload_entry - payload_head
	/* Differences, which the linker settles: the head is read before any relocation is applied. */
	.long file_end - . + 16, 0
	.long memory_end - . + 24, 0
	.zero 32

	.text
	.globl payload_entry
payload_entry:
	cli
	cld
	lea stack_top(%rip), %rsp
	mov %rdi, %r12
	mov %rsi, %r13
	call self_relocate

	/* The stage's descriptor tables lie in memory that is not ours. */
	lea gdt(%rip), %rax
	mov %rax, gdt_pointer + 2(%rip)
	lgdt gdt_pointer(%rip)
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	pushq $0x08
	lea 1f(%rip), %rax
	push %rax
	lretq
1:
	call set_fs_base
	mov %r12, %rdi
	mov %r13, %rsi
	xor %ebp, %ebp
	call payload_main
2:	hlt
	jmp 2b

	/* One stub an exception: its number, then a common end. Nothing returns. */
	.globl fault_stubs
	.balign 16
fault_stubs:
	.set vector, 0
	.rept 32
	.balign 16
	mov $vector, %edi
	mov %cr2, %rsi
	jmp fault_common
	.set vector, vector + 1
	.endr
fault_common:
	lea stack_top(%rip), %rsp
	call payload_fault

	.data
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
gdt_pointer:
	.short gdt_pointer - gdt - 1
	.quad 0

	.section .note.GNU-stack, "", @progbits
