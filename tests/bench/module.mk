# All figures against their limits and peers, as a table and as build/bench.json (docs/bench.md); one that is missed is shown, and
# fails nothing. ONLY='words' measures the parts that they match.
$(B)/tests/verify_cost $(B)/tests/install_cost: $(B)/tests/%: $(B)/host/tests/bench/%.o $(B)/libsignet.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $(filter-out %/libyyjson.a,$^) -o $@ $(LDLIBS_CRYPTO) $(LDLIBS_HTTP)
.SECONDARY: $(patsubst %,$(B)/host/tests/bench/%.o,verify_cost install_cost)

APPRAISE_COST_OBJS := $(patsubst %,$(B)/host/tests/%.o,bench/appraise_cost $(addprefix adversarial/,scene forge forge_people \
	software_tpm))
$(B)/tests/appraise_cost: $(APPRAISE_COST_OBJS) $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS_CRYPTO)
.SECONDARY: $(APPRAISE_COST_OBJS)

QUOTE_COST_OBJS := $(B)/host/tests/bench/quote_cost.o $(patsubst %.c,$(B)/host/%.o,$(wildcard agent/tpm/*.c))
$(B)/tests/quote_cost: $(QUOTE_COST_OBJS) $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie -Wl,--gc-sections $^ -o $@ $(LDLIBS_TSS) $(LDLIBS_CRYPTO)
.SECONDARY: $(QUOTE_COST_OBJS)

# The first process of the peer's Linux, with nothing of that around it.
$(B)/lint/tests/bench/kvm/vmm.c.host-analyzed: $(B)/tests/guest/long.bin
$(B)/tests/kvm-peer: tests/bench/kvm/vmm.c tests/guest/cases.h lib/types.h $(B)/tests/guest/long.bin
	@mkdir -p $(@D)
	$(call echo_step,CC,$<)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS_HOST)) -static $< -o $@

.PHONY: bench
bench: $(addprefix $(B)/,signet signetctl signetd signet-agent stage.elf payload.bin hv.bin hv-tests.bin hv-handoff.bin hv-node.bin) \
		$(addprefix $(B)/tests/,verify_cost install_cost appraise_cost quote_cost kvm-peer nvtool node-rig fleet/simnode sim/sim) \
		$(B)/dev/release-1.img $$(BOCHS_PLUGINS)
	@ONLY='$(ONLY)' PATIENCE='$(PATIENCE)' python3 -B tests/bench/bench.py
