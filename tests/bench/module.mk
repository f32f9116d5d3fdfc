# Figures of the boot chain and of exits against their limits and KVM's, as a table and as build/bench.json; one that is missed
# is shown, and fails nothing.
$(B)/tests/verify_cost: $(B)/host/tests/bench/verify_cost.o $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS_CRYPTO)
.SECONDARY: $(B)/host/tests/bench/verify_cost.o

# The first process of the peer's Linux, with nothing of that around it.
$(B)/lint/tests/bench/kvm/vmm.c.host-analyzed: $(B)/tests/guest/long.bin
$(B)/tests/kvm-peer: tests/bench/kvm/vmm.c tests/guest/cases.h lib/types.h $(B)/tests/guest/long.bin
	@mkdir -p $(@D)
	$(call echo_step,CC,$<)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS_HOST)) -static $< -o $@

.PHONY: bench
bench: $(B)/signet $(B)/stage.elf $(B)/payload.bin $(B)/tests/verify_cost $(B)/tests/kvm-peer \
		$(B)/hv-tests.bin $(B)/hv.bin $$(BOCHS_PLUGINS)
	@python3 -B tests/bench/bench.py
