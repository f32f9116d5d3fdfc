# `make check`: everything is built first, then each part runs by itself, so that none disturbs another's timing.
CHECKS := check-unit check-sim check-adversarial check-image check-cli check-tpm check-fleet check-fuzz check-uefi check-vmx check-demo
.PHONY: check check-full loc repro
check: all
	+@tests/all lint loc check-size repro $(CHECKS)

# The same, with Linux as guests and service VM in every way, and fuzzing long enough to find something new.
check-full: check
	@$(MAKE) check-vmx-long demo
	@$(MAKE) fuzz FUZZ_TIME=$(or $(FUZZ_TIME),300)

loc: all
	@tools/loc

repro: all
	+@tools/repro
