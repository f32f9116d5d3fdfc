# Devices for the VMX test bed, as plugins of Debian 13's Bochs. What is pure in them is unit-tested as well.
PLUGIN_DIR := tools/bochs-plugins
TEST_SRCS += $(PLUGIN_DIR)/tpm/tis.c $(PLUGIN_DIR)/tpm/locality.c

CFLAGS_PIC := $(filter-out -fPIE,$(CFLAGS_HOST)) -fPIC
$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(call echo_step,PIC,$<)
	$(Q)$(CC) $(CFLAGS_PIC) -c $< -o $@

PLUGIN_TPM := $(patsubst %.c,$(B)/pic/%.o,$(addprefix $(PLUGIN_DIR)/,device.c tpm/plugin.c tpm/tis.c tpm/locality.c \
	tpm/swtpm_link.c) lib/bytes.c)
$(B)/bochs-plugins/libbx_tpm.so: $(PLUGIN_TPM)

$(B)/bochs-plugins/loopback.so: $(B)/pic/$(PLUGIN_DIR)/loopback.o

BOCHS_PLUGINS := $(addprefix $(B)/bochs-plugins/,libbx_tpm.so loopback.so)
# Bochs defines what stays open; whatever is ours stays ours, even if Bochs has a symbol of the same name.
$(BOCHS_PLUGINS):
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -shared -Wl,-z,now,-Bsymbolic -o $@.partial $^
	$(Q)mv $@.partial $@

ALL += $(BOCHS_PLUGINS)
