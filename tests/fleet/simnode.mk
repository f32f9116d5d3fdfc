# A node without a machine, with the agent's TLS and HTTP.
SIMNODE_OBJS := $(patsubst %.c,$(B)/host/%.o,$(addprefix tests/fleet/,simnode.c sim_hv.c sim_tpm.c) \
	$(addprefix tests/adversarial/,scene.c forge.c forge_people.c software_tpm.c))
$(B)/tests/fleet/simnode: $(SIMNODE_OBJS) $(B)/libsignet.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $(filter-out %/libyyjson.a,$^) -o $@ $(LDLIBS_CRYPTO) $(LDLIBS_HTTP)
.SECONDARY: $(SIMNODE_OBJS)
