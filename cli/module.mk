# The `signet` program. Its main.c stays out of the library, so that test programs link the rest.
HOST_SRCS += cli/table.c cli/args.c cli/usage.c cli/help.c cli/completion.c cli/run.c cli/output.c cli/plain.c cli/progress.c cli/json.c
HOST_SRCS += cli/fleet_commands.c cli/fleet_file.c
# What asks the fleet server.
HOST_SRCS += $(addprefix cli/,answer.c columns.c fleet_settings.c fleet_client.c fleet_common.c fleet_connect.c fleet_audit.c \
	node_name.c node_commands.c node_show.c node_trust.c node_logs.c attest_commands.c attest_record.c attest_save.c \
	attest_verify.c baseline_commands.c guest_commands.c guest_define.c guest_console.c raw_terminal.c operator_commands.c \
	operator_key.c image_publish.c update_commands.c update_show.c)
# Names are looked up in /etc/hosts and DNS by what glibc has inside; of other name services, which a static program cannot load, the
# linker would warn.
LDLIBS_SIGNET := -Wl,--no-warnings $(LDLIBS_CRYPTO) $(LDLIBS_HTTP) -linih -lfdt

ALL += $(B)/signet $(B)/signet.1 $(B)/signet.bash

# Static: the same file then runs outside the build root, on other distributions, and on the machine that holds the keys.
$(B)/signet: $(B)/host/cli/main.o $(B)/libsignet.a $(B)/libyyjson.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -static-pie $(filter-out %yyjson.a,$^) -o $@ $(LDLIBS_SIGNET)

# The man page's prose is written by hand, its command reference comes from the table.
$(B)/manpage: $(B)/host/cli/manpage.o $(B)/libsignet.a $(B)/libyyjson.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $(filter-out %yyjson.a,$^) -o $@ $(LDLIBS_SIGNET)

$(B)/signet.1: docs/signet.1.scd $(B)/manpage
	$(call echo_step,SCDOC,$@)
	$(Q)$(B)/manpage >$(B)/signet.1.commands
	$(Q)sed -e '/^@COMMANDS@$$/{r $(B)/signet.1.commands' -e 'd}' $< | scdoc >$@.tmp
	$(Q)mv $@.tmp $@

$(B)/signet.bash: $(B)/signet
	$(Q)$< completion bash >$@.tmp
	$(Q)mv $@.tmp $@
