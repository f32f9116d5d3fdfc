# Figures of the boot chain and of exits against their targets; a target missed is shown, and fails nothing.
$(B)/tests/verify_cost: $(B)/host/tests/bench/verify_cost.o $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS_CRYPTO)
.SECONDARY: $(B)/host/tests/bench/verify_cost.o

.PHONY: bench
bench: $(B)/signet $(B)/stage.elf $(B)/payload.bin $(B)/tests/verify_cost $(B)/hv-tests.bin $$(BOCHS_PLUGINS)
	@python3 -B tests/bench/bench.py
