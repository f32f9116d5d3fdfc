TEST_SRCS += tests/tpm/fake_registers.c tests/tpm/scripted.c

# Real TPM commands against swtpm, under ASan and UBSan; and the same TPM through independent tools.
TPM_SUPPORT := $(patsubst %.c,$(B)/san/tests/tpm/%.o,swtpm.c extra.c test_key.c node.c)
TPM_TESTS := $(patsubst tests/tpm/%.c,$(B)/tests/tpm/%,$(wildcard tests/tpm/*_test.c))

$(B)/tests/tpm/%_test: $(B)/san/tests/tpm/%_test.o $(TPM_SUPPORT) $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ -lcmocka $(LDLIBS_CRYPTO)
.SECONDARY: $(TPM_TESTS:$(B)/tests/%=$(B)/san/tests/%.o) $(TPM_SUPPORT)

.PHONY: check-tpm
check-tpm: $(TPM_TESTS) $(B)/tests/nvtool $(B)/tests/credtool
	@tests/tap tpm $(TPM_TESTS) 'tests/tpm/peers.py $(B)/tests/nvtool' 'tests/tpm/credential.py $(B)/tests/credtool'

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
