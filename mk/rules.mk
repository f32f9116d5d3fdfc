# Object rules. Modules add to these lists:
#   PURE_SRCS   logic without hardware or OS: compiled for ring 0, the host, the sanitizers and the fuzzers
#   STAGE_SRCS  ring 0 only
#   HV_PURE_SRCS, HV_SRCS  the same two for the hypervisor, which the stage does not link
#   HOST_SRCS   needs an OS (command line)
#   TEST_SRCS   shared by test programs
PURE_SRCS :=
STAGE_SRCS :=
HV_PURE_SRCS :=
HV_SRCS :=
HOST_SRCS :=
TEST_SRCS :=

# What a failed recipe leaves behind must not pass for its result.
.DELETE_ON_ERROR:

Q := $(if $(V),,@)
echo_step = @$(if $(V),:,printf '  %-6s %s\n' $1 $2)

$(B)/host/%.o: %.c mk/config.mk
	@mkdir -p $(@D)
	$(call echo_step,CC,$<)
	$(Q)$(CC) $(CFLAGS_HOST) -c $< -o $@

$(B)/san/%.o: %.c mk/config.mk
	@mkdir -p $(@D)
	$(call echo_step,SAN,$<)
	$(Q)$(CC) $(CFLAGS_SAN) -c $< -o $@

$(B)/fuzz/%.o: %.c mk/config.mk
	@mkdir -p $(@D)
	$(call echo_step,FUZZ,$<)
	$(Q)$(CLANG) $(CFLAGS_FUZZ) -c $< -o $@

$(B)/ring0/%.o: %.c mk/config.mk | $(FDT_HEADERS)
	@mkdir -p $(@D)
	$(call echo_step,RING0,$<)
	$(Q)$(CC) $(CFLAGS_RING0) -c $< -o $@

$(B)/ring0/%.o: %.S mk/config.mk
	@mkdir -p $(@D)
	$(call echo_step,AS,$<)
	$(Q)$(CC) $(CFLAGS_RING0) -c $< -o $@
