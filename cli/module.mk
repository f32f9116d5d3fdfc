# The `signet` program. Its main.c stays out of the library, so that test programs link the rest.
HOST_SRCS += cli/table.c cli/args.c cli/usage.c cli/help.c cli/completion.c cli/run.c cli/output.c cli/progress.c cli/json.c
HOST_SRCS += cli/fleet_commands.c cli/fleet_file.c

ALL += $(B)/signet $(B)/signet.1

# Static: the same file then runs outside the build root, on other distributions, and on the machine that holds the keys.
$(B)/signet: $(B)/host/cli/main.o $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -static-pie $^ -o $@ $(LDLIBS_CRYPTO) -lfdt

# The man page's prose is written by hand, its command reference comes from the table.
$(B)/manpage: $(B)/host/cli/manpage.o $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS_CRYPTO) -lfdt

$(B)/signet.1: docs/signet.1.scd $(B)/manpage
	$(call echo_step,SCDOC,$@)
	$(Q)$(B)/manpage >$(B)/signet.1.commands
	$(Q)sed -e '/^@COMMANDS@$$/{r $(B)/signet.1.commands' -e 'd}' $< | scdoc >$@.tmp
	$(Q)mv $@.tmp $@
