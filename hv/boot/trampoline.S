/*
 * Where a processor starts after INIT and SIPI: real mode, at the page below 1 MiB that this is copied to. Straight to
 * long mode, by a first table of the root tables that lies below 4 GiB, as CR3 holds 32 bits until then.
 * What is filled in before: struct trampoline (smp.c).
 */
	.section .rodata.trampoline, "a"
	.balign 16
	.globl trampoline_start, trampoline_end
trampoline_start:
	.code16
	cli
	cld
	jmp 1f
	.balign 8
trampoline_values:
	gdt_pointer = . - trampoline_start
	.short 0
	.long 0
	.short 0
	low_tables = . - trampoline_start
	.long 0
	cr4 = . - trampoline_start
	.long 0
	cr0 = . - trampoline_start
	.long 0
	efer = . - trampoline_start
	.long 0
	far_target = . - trampoline_start
	.long 0
	.long 0
	.balign 8
root_tables:
	.quad 0
entry:
	.quad 0
gdt:
	.quad 0
	.quad 0x00AF9B000000FFFF
	.quad 0x00CF93000000FFFF
1:
	mov %cs, %ax
	mov %ax, %ds
	lgdtl gdt_pointer
	mov low_tables, %eax
	mov %eax, %cr3
	mov cr4, %eax
	mov %eax, %cr4
	mov $0xC0000080, %ecx
	mov efer, %eax
	xor %edx, %edx
	wrmsr
	mov cr0, %eax
	mov %eax, %cr0
	ljmpl *far_target
	.code64
	.globl trampoline_long
trampoline_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov root_tables(%rip), %rax
	mov %rax, %cr3
	jmp *entry(%rip)
trampoline_end:

	.section .note.GNU-stack, "", @progbits
