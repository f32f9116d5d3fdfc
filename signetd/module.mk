# The fleet server. Its main.c stays out of the library, so that test programs link the rest.
HOST_SRCS += $(addprefix signetd/,blobs.c blob_sweep.c body.c call.c descriptors.c clock.c clock_system.c journal.c route.c storage.c text.c)
HOST_SRCS += $(addprefix signetd/storage_sqlite/,sqlite.c statement.c meta.c audit.c operators.c leaves.c)
HOST_SRCS += $(addprefix signetd/,config.c init.c key_files.c parts.c server.c certificate_time.c leaves.c server_certificate.c operator_routes.c operators.c platform_routes.c routes.c audit.c audit_chain.c metrics.c config_table.c)
HOST_SRCS += signetd/http/range.c signetd/http/request.c signetd/http/response.c signetd/net/admission.c
HOST_SRCS += $(addprefix signetd/net/,address.c connection.c exchange.c loop.c send.c stream.c thread.c tls.c)
-include signetd/domain.mk

LDLIBS_FLEET := $(LDLIBS_CRYPTO) $(LDLIBS_HTTP) -luv -lsqlite3 -linih
ALL += $(B)/signetd

$(B)/signetd: $(B)/host/signetd/main.o $(B)/libsignet.a $(B)/libyyjson.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $(filter-out %/libyyjson.a,$^) -o $@ $(LDLIBS_FLEET) -lfdt

ALL += $(B)/signetd.8 $(B)/signetd.ini.5
$(B)/signetd.8: docs/signetd.8.scd
	@mkdir -p $(@D)
	$(call echo_step,SCDOC,$@)
	$(Q)scdoc <$< >$@.tmp
	$(Q)mv $@.tmp $@

# The page's list of settings comes from the table.
$(B)/signetd-manpage: $(B)/host/signetd/manpage.o $(B)/libsignet.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@
$(B)/signetd.ini.5: docs/signetd.ini.5.scd $(B)/signetd-manpage
	$(call echo_step,SCDOC,$@)
	$(Q)$(B)/signetd-manpage >$@.settings
	$(Q)sed -e '/^@SETTINGS@$$/{r $@.settings' -e 'd}' $< | scdoc >$@.tmp
	$(Q)mv $@.tmp $@
