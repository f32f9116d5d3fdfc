/*
 * What both test programs do first: apply their own relocations, and give libfdt's stack protector its canary.
 */
	.text
	/* Every entry is R_X86_64_RELATIVE: position-independent, nothing imported (the link checks that). */
	.globl self_relocate
self_relocate:
	lea payload_head(%rip), %rdi
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
2:	ret

	/* lib/stack_guard.h */
	.globl set_fs_base
set_fs_base:
	lea stack_guard_fs(%rip), %rax
	mov %rax, %rdx
	shr $32, %rdx
	mov $0xC0000100, %ecx
	wrmsr
	ret

	.bss
	.balign 16
	.zero 65536
	.globl stack_top
stack_top:

	.section .note.GNU-stack, "", @progbits
