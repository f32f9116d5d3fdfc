/*
 * Where GRUB enters the stage: by EFI in 64-bit mode with boot services alive, by BIOS in 32-bit protected mode.
 * Trust: in the TCB. Everything is position-independent; nothing is assumed of the registers but what the Multiboot2
 * specification (2.0, sections 3.3 and 3.5) promises.
 */
#define MAGIC_HEADER 0xe85250d6
#define OPTIONAL 1

	.section .multiboot, "ax"
	.balign	8
header:
	.long	MAGIC_HEADER
	.long	0				/* i386 */
	.long	header_end - header
	.long	-(MAGIC_HEADER + (header_end - header))

	/* What the stage reads of the information: modules, memory map, ACPI, EFI handles. */
	.balign	8
	.short	1, OPTIONAL
	.long	8 + 4 * 9
	.long	3, 6, 8, 12, 14, 15, 18, 20, 21

	/* Keep EFI boot services: the firmware's event log must stay the only log. */
	.balign	8
	.short	7, OPTIONAL
	.long	8

	.balign	8
	.short	9, OPTIONAL
	.long	12
	.long	0x200000 + entry_efi - header	/* as linked (stage.ld) */

	/* Anywhere between 2 MiB and 4 GiB, on a 2 MiB boundary, low if possible. */
	.balign	8
	.short	10, OPTIONAL
	.long	24
	.long	0x200000, 0xffffffff, 0x200000, 1

	.balign	8
	.short	0, 0
	.long	8
header_end:

/* RAX = magic, RBX = information, RSP = the firmware's stack, which the UEFI specification (2.3.4) keeps large enough for
   its services; ours is smaller. */
	.code64
	.globl	entry_efi
entry_efi:
	cld
	movl	%eax, %r12d
	andq	$-16, %rsp
	call	relocate_self
	movl	%r12d, %edi
	movq	%rbx, %rsi
	movl	$1, %edx
	call	stage_main
halt64:
	cli
	hlt
	jmp	halt64

	.code32
	.globl	entry_bios
entry_bios:
	cli
	cld
	movl	%eax, %edi
	movl	%ebx, %esi
	/* There is no stack yet, and only a call tells where this is: the information's reserved word takes the address. */
	leal	8(%ebx), %esp
	call	1f
1:	popl	%ebp
	subl	$(1b - header), %ebp
	movl	$0, 4(%esi)
#define AT(symbol) symbol - header(%ebp)
	leal	AT(stack_top), %esp

	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx
	jnc	no_long_mode

	/* Identity map of the first 4 GiB in 2 MiB pages; the stage makes its final tables later. */
#define PRESENT_WRITE 3
#define LARGE 0x80
	leal	AT(early_tables), %ebx
	leal	0x1000 + PRESENT_WRITE(%ebx), %eax
	movl	%eax, (%ebx)
	xorl	%ecx, %ecx
1:	addl	$0x1000, %eax
	movl	%eax, 0x1000(%ebx, %ecx, 8)
	incl	%ecx
	cmpl	$4, %ecx
	jb	1b
	xorl	%ecx, %ecx
	movl	$(LARGE + PRESENT_WRITE), %eax
1:	movl	%eax, 0x2000(%ebx, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$2048, %ecx
	jb	1b
	movl	%ebx, %cr3

	/* PAE; SSE state enabled because libfdt is the distribution's build. */
	movl	%cr4, %eax
	orl	$(1 << 5 | 1 << 9 | 1 << 10), %eax
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$(1 << 8), %eax
	wrmsr
	/* Paging, write protection, coprocessor present and not emulated. */
	movl	%cr0, %eax
	andl	$~(1 << 2 | 1 << 3 | 1 << 29 | 1 << 30), %eax
	orl	$(1 << 31 | 1 << 16 | 1 << 1), %eax
	movl	%eax, %cr0

	leal	AT(gdt), %eax
	movl	%eax, AT(gdt_pointer + 2)
	lgdtl	AT(gdt_pointer)
	leal	AT(long_mode), %eax
	pushl	$8
	pushl	%eax
	lretl

/* Too early for any driver: the first serial port, and the screen. */
no_long_mode:
	leal	AT(no_long_mode_text), %esi
	movl	$0xb8000, %edi
1:	movzbl	(%esi), %ebx
	testb	%bl, %bl
	jz	3f
	movb	%bl, (%edi)
	movb	$0x0f, 1(%edi)
	addl	$2, %edi
	movl	$0x10000, %ecx
2:	movw	$0x3fd, %dx
	inb	%dx, %al
	testb	$0x20, %al
	loopz	2b
	movb	%bl, %al
	movw	$0x3f8, %dx
	outb	%al, %dx
	incl	%esi
	jmp	1b
3:	cli
	hlt
	jmp	3b

	.code64
long_mode:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%edi, %r12d
	movl	%esi, %ebx
	leaq	stack_top(%rip), %rsp
	call	relocate_self
	movl	%r12d, %edi
	movq	%rbx, %rsi
	xorl	%edx, %edx
	call	stage_main
	jmp	halt64

/*
 * void enter_hypervisor(u64 entry, u64 handoff, u64 length, u64 tables): off the firmware's stack, tables and
 * descriptors, then away (docs/handoff.md).
 */
	.text
	.globl	enter_hypervisor
enter_hypervisor:
	cli
	cld
	/* A firmware that runs with control-flow enforcement expects marks that the hypervisor's entry does not have. */
	movq	%cr4, %rax
	btrq	$23, %rax
	movq	%rax, %cr4
	movq	%rcx, %cr3
	leaq	stack_top(%rip), %rsp
	call	load_descriptors
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	xorl	%ebp, %ebp
	jmp	*%rax

/* void load_descriptors(void): our GDT in every segment register. Preserves RDI, RSI, RDX. */
	.globl	load_descriptors
load_descriptors:
	leaq	gdt(%rip), %rax
	movq	%rax, gdt_pointer + 2(%rip)
	lgdt	gdt_pointer(%rip)
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	popq	%rax
	pushq	$8
	pushq	%rax
	lretq

/* Every exception ends here with its number: nothing in the stage may fault. */
	.globl	exception_stubs
	.balign	16
exception_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	pushq	$vector
	jmp	exception_common
	.set	vector, vector + 1
	.endr
exception_common:
	popq	%rdi
	movq	%cr2, %rsi
	andq	$-16, %rsp
	call	exception_stop
	jmp	halt64

	.section .rodata
no_long_mode_text:
	.asciz	"signet: stop 68: this processor has no 64-bit mode\r\n"

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0x00af9a000000ffff		/* 8: 64-bit code */
	.quad	0x00cf92000000ffff		/* 16: data */
gdt_pointer:
	.short	. - gdt - 1
	.quad	0

/* The BIOS path's first page tables; once the final ones are in force, crypto's heap. */
	.section .bss.aligned, "aw", @nobits
	.balign	4096
	.globl	early_tables
early_tables:
	.zero	6 * 4096

	/* Four times what the deepest path takes: measured, and nothing in the stage recurses. */
	.globl	stack_top
	.zero	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
