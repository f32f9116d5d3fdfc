# The real flash image under emulated firmware, Secure Boot and a TPM. ONLY='words' runs the scenarios they match.
.PHONY: check-uefi
check-uefi: $(B)/signet $(B)/stage.elf $(B)/payload.bin $(B)/hv.bin $(B)/nvprobe.efi $(B)/enrol.efi $(B)/tests/nvtool
	@ONLY='$(ONLY)' tests/tap uefi 'python3 -B tests/uefi/check.py'
