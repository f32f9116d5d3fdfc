# The agent. What decides and what speaks HTTP is in the library, so that tests link it; what needs TPM2-TSS is not.
HOST_SRCS += $(addprefix agent/agentd/,addresses.c step.c waiting.c link.c ring.c parts.c node.c results.c guest_order.c guest_disks.c blobs.c guests.c)
AGENT_SRCS := $(wildcard agent/tpm/*.c) $(addprefix agent/agentd/,main.c enrol.c attest.c evidence.c poll.c worker.c report.c update_commands.c \
	command.c node_commands.c guest_commands.c)
LDLIBS_TSS := -ltss2-esys -ltss2-tctildr -ltss2-rc -ltss2-mu

# Dynamic: of TPM2-TSS there are shared libraries alone.
$(B)/signet-agent: $(AGENT_SRCS:%.c=$(B)/host/%.o) $(B)/libsignet.a $(B)/libyyjson.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie -Wl,--gc-sections -Wl,-z,relro,-z,now $^ -o $@ $(LDLIBS_TSS) $(LDLIBS_CRYPTO) $(LDLIBS_HTTP) -lfdt
ALL += $(B)/signet-agent
SERVICE_PROGRAMS += $(B)/service/signet-agent
