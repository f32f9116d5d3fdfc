# Shared with test programs; main.c stays out.
HOST_SRCS += agent/control/frame.c agent/control/port.c agent/control/channel.c agent/guest/guest_file.c agent/guest/guest_load.c agent/guest/make.c agent/guest/known.c agent/blkd/disks.c agent/blkd/serve.c \
	agent/portd/route.c
CTL_SRCS := $(addprefix agent/signetctl/,main.c table.c ctl.c show.c node.c guest_path.c create.c end.c read.c ticket.c console.c update.c)

# Static, as everything in the initramfs.
$(B)/signetctl: $(CTL_SRCS:%.c=$(B)/host/%.o) $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -static-pie -Wl,--gc-sections $^ -o $@ $(LDLIBS_CRYPTO) -lfdt
$(B)/signet-blkd: $(B)/host/agent/blkd/main.o $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -static-pie -Wl,--gc-sections $^ -o $@
$(B)/signet-portd: $(B)/host/agent/portd/main.o $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -static-pie -Wl,--gc-sections $^ -o $@

# Without symbols: they are a third of it.
$(B)/service/%: $(B)/%
	@mkdir -p $(@D)
	$(Q)strip -o $@ $<
SERVICE_PROGRAMS += $(addprefix $(B)/service/,signetctl signet-blkd signet-portd)
ALL += $(addprefix $(B)/,signetctl signet-blkd signet-portd)
