# The real flash image under emulated firmware, Secure Boot and a TPM. ONLY='words' runs the scenarios they match.
.PHONY: check-uefi
check-uefi: $(addprefix $(B)/,signet stage.elf payload.bin hv.bin service/vmlinuz service/initramfs nvprobe.efi enrol.efi \
		tests/nvtool)
	@ONLY='$(ONLY)' tests/tap uefi 'python3 -B tests/uefi/check.py'
