# Devices for the VMX test bed, as plugins of Debian 13's Bochs. What is pure in them is unit-tested as well.
PLUGIN_DIR := tools/bochs-plugins
PLUGIN_PURE_TPM := $(addprefix $(PLUGIN_DIR)/tpm/,tis.c locality.c)
PLUGIN_PURE_FWCFG := $(addprefix $(PLUGIN_DIR)/fwcfg/,fwcfg.c contents.c acpi.c loader.c)
TEST_SRCS += $(PLUGIN_PURE_TPM) $(PLUGIN_PURE_FWCFG)

CFLAGS_PIC := $(filter-out -fPIE,$(CFLAGS_HOST)) -fPIC
$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(call echo_step,PIC,$<)
	$(Q)$(CC) $(CFLAGS_PIC) -c $< -o $@

PLUGIN_BASE := $(PLUGIN_DIR)/device.c lib/bytes.c
pic_objs = $(patsubst %.c,$(B)/pic/%.o,$1)
$(B)/bochs-plugins/libbx_tpm.so: $(call pic_objs,$(PLUGIN_PURE_TPM) $(PLUGIN_BASE) $(addprefix $(PLUGIN_DIR)/tpm/,plugin.c \
	swtpm_link.c))
$(B)/bochs-plugins/libbx_fwcfg.so: $(call pic_objs,$(PLUGIN_PURE_FWCFG) $(PLUGIN_BASE) $(PLUGIN_DIR)/fwcfg/plugin.c)
# Bochs is started with both.
$(B)/bochs-plugins/loopback.so: $(B)/pic/$(PLUGIN_DIR)/loopback.o | $(B)/bochs-plugins/exceptions.so
$(B)/bochs-plugins/exceptions.so: $(B)/pic/$(PLUGIN_DIR)/exceptions.o

BOCHS_PLUGINS := $(addprefix $(B)/bochs-plugins/,libbx_tpm.so libbx_fwcfg.so loopback.so exceptions.so)
# Bochs defines what stays open; whatever is ours stays ours, even if Bochs has a symbol of the same name.
$(BOCHS_PLUGINS):
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -shared -Wl,-z,now,-Bsymbolic -o $@.partial $^
	$(Q)mv $@.partial $@

ALL += $(BOCHS_PLUGINS)
