/*
 * Entry of the NV probe, a UEFI application. It never returns and calls no firmware service.
 */
	.text
	.globl efi_entry
efi_entry:
	/* Firmware's timer would use its TPM driver's and serial port's registers beside us. */
	cli
	cld
	lea stack_top(%rip), %rsp
	call self_relocate
	call set_fs_base
	xor %ebp, %ebp
	call nvprobe_main

	.section .note.GNU-stack, "", @progbits
