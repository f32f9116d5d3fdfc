/*
 * Head and entry of the hypervisor (docs/format.md, "Hypervisor component"; docs/handoff.md), and where its other
 * processors come in.
 */
	.section .head, "ax"
	.globl hv_head
hv_head:
	.ascii "SIGNETHV"
	.long 1
	.long hv_entry - hv_head
	/* Differences, which the linker settles: the head is read before any relocation is applied. */
	.long file_end - . + 16, 0
	.long memory_end - . + 24, 0
	.zero 32

	.text
	.globl hv_entry
hv_entry:
	cli
	cld
	lea boot_stack_top(%rip), %rsp
	mov %rdi, %r12
	mov %rsi, %r13

	/* Every entry is R_X86_64_RELATIVE: position-independent, nothing imported (the link checks that). */
	lea hv_head(%rip), %rdi
	lea rela_start(%rip), %rsi
	lea rela_end(%rip), %rdx
1:	cmp %rdx, %rsi
	jae 2f
	mov (%rsi), %rax
	mov 16(%rsi), %rcx
	add %rdi, %rcx
	mov %rcx, (%rdi, %rax)
	add $24, %rsi
	jmp 1b
2:
	/* The stage's descriptor tables lie in memory that is not ours. */
	lea boot_gdt(%rip), %rax
	mov %rax, boot_gdt_pointer + 2(%rip)
	lea boot_gdt_pointer(%rip), %rdi
	call load_gdt

	/* lib/stack_guard.h */
	lea stack_guard_fs(%rip), %rax
	mov %rax, %rdx
	shr $32, %rdx
	mov $0xC0000100, %ecx
	wrmsr

	mov %r12, %rdi
	mov %r13, %rsi
	xor %ebp, %ebp
	call hv_main
	ud2

	/* void run_on_stack(u64 top, void (*function)(void)): leaves the stack it is called on for good. */
	.globl run_on_stack
run_on_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	call *%rsi
	ud2

	/* From the trampoline, on the root tables, with its descriptors and no stack. */
	.globl smp_entry
smp_entry:
	mov smp_stack(%rip), %rsp
	xor %ebp, %ebp
	call smp_started
	ud2

	.data
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00AF9B000000FFFF
	.quad 0x00CF93000000FFFF
boot_gdt_pointer:
	.short boot_gdt_pointer - boot_gdt - 1
	.quad 0

	.section .note.GNU-stack, "", @progbits
