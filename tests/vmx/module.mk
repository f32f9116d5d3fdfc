# The real flash image where there is VMX: Bochs, with a TPM of our own. ONLY='words' runs the scenarios they match;
# PATIENCE=n gives each machine n times as long, where others keep the processors.
TEST_SRCS += tests/vmx/audit/ept.c tests/vmx/audit/paging.c
VMX_TESTS := $(B)/tests/vmx/tpm_test
VMX_SUPPORT := $(B)/san/tools/bochs-plugins/tpm/swtpm_link.o

$(B)/tests/vmx/%_test: $(B)/san/tests/vmx/%_test.o $(VMX_SUPPORT) $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ -lcmocka $(LDLIBS_CRYPTO)
.SECONDARY: $(VMX_TESTS:$(B)/tests/%=$(B)/san/tests/%.o) $(VMX_SUPPORT)

.PHONY: check-vmx check-vmx-long
check-vmx check-vmx-long: $(VMX_TESTS) $(B)/signet $(B)/stage.elf $(B)/payload.bin $(HV_VARIANTS:.elf=.bin) $(B)/tests/nvtool \
		$(addprefix $(B)/,hv.bin service/vmlinuz service/initramfs signetd) \
		$(addprefix $(B)/bochs-plugins/,libbx_tpm.so libbx_fwcfg.so loopback.so)
	@ONLY='$(ONLY)' PATIENCE='$(PATIENCE)' LONG='$(if $(filter %-long,$@),1)' tests/tap vmx \
		$(if $(filter %-long,$@),,$(VMX_TESTS)) 'python3 -B tests/vmx/check.py'
