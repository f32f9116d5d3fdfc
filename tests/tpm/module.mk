TEST_SRCS += tests/tpm/ak.c tests/tpm/fake_registers.c tests/tpm/scripted.c tests/tpm/meddler.c

# Real TPM commands against swtpm, under ASan and UBSan; and the same TPM through independent tools.
TPM_SUPPORT := $(patsubst %.c,$(B)/san/tests/tpm/%.o,swtpm.c extra.c test_key.c node.c)
TPM_TESTS := $(patsubst tests/tpm/%.c,$(B)/tests/tpm/%,$(wildcard tests/tpm/*_test.c))

# With what is linked from hv/node though it is not pure: it asks the processor only what any program may.
$(addprefix $(B)/tests/tpm/hv_,node_test port_test ticket_test): $(B)/san/tests/tpm/hv_bed.o $(B)/san/hv/node/random.o
$(B)/tests/tpm/%_test: $(B)/san/tests/tpm/%_test.o $(TPM_SUPPORT) $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $(filter %.o,$^) $(filter %.a,$^) -o $@ -lcmocka $(LDLIBS_CRYPTO)
.SECONDARY: $(TPM_TESTS:$(B)/tests/%=$(B)/san/tests/%.o) $(TPM_SUPPORT)

.PHONY: check-tpm
check-tpm: $(TPM_TESTS) $(B)/tests/nvtool $(B)/tests/credtool $(B)/tests/node-rig $(B)/signet $(B)/signetctl $(B)/signet-agent $(B)/signetd $(INSTALLED_FROM)
	@tests/tap tpm $(TPM_TESTS) 'tests/tpm/peers.py $(B)/tests/nvtool' 'tests/tpm/credential.py $(B)/tests/credtool' \
		tests/tpm/rig.py \
		"python3 -B tests/lib/beside.py tests/tpm/agent.py tests/tpm/update.py 'python3 -B tests/tpm/operations.py'"

$(B)/tests/credtool: $(B)/san/tests/tpm/credtool.o $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ $(LDLIBS_CRYPTO)

# For tests that boot whole machines on a swtpm.
NVTOOL_OBJS := $(patsubst %.c,$(B)/host/tests/tpm/%.o,nvtool.c nvtool_options.c swtpm.c extra.c)
$(B)/tests/nvtool: $(NVTOOL_OBJS) $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS_CRYPTO)
.SECONDARY: $(NVTOOL_OBJS)

# One boot of a node, for who talks to nodes: tests/tpm/rig/main.c tells how it is used. Of what touches the machine, only what
# runs on a host as it is.
RIG_OBJS := $(patsubst %,$(B)/san/tests/tpm/rig/%.o,main firmware stage machine guests ports) \
	$(patsubst %,$(B)/san/%.o,tests/tpm/swtpm hv/node/node hv/node/random)
$(B)/tests/node-rig: $(RIG_OBJS) $(B)/libsignet-san.a | $(B)/signet-portd $(B)/tests/rig-tpm
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ $(LDLIBS_CRYPTO) -lfdt
$(B)/tests/rig-tpm: $(B)/host/tests/tpm/rig/bridge.o $(B)/libsignet.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@
.SECONDARY: $(RIG_OBJS) $(B)/host/tests/tpm/rig/bridge.o
