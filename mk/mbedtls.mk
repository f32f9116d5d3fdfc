# mbedTLS for ring 0: verify only, from Debian's source package, with our configuration and flags.
MBEDTLS_FILES := asn1parse asn1write bignum bignum_core bignum_mod bignum_mod_raw constant_time ecdsa ecp ecp_curves \
	memory_buffer_alloc platform platform_util sha256 sha512
MBEDTLS_OBJS := $(MBEDTLS_FILES:%=$(B)/ring0/mbedtls/%.o)
# Their code, their warnings.
CFLAGS_MBEDTLS := $(filter-out $(WARNINGS) $(GCC_WARNINGS),$(CFLAGS_RING0)) -w \
	-ffile-prefix-map=$(MBEDTLS)=mbedtls

$(B)/ring0/mbedtls/%.o: $(MBEDTLS)/library/%.c lib/crypto/mbedtls_config.h mk/config.mk
	@mkdir -p $(@D)
	$(call echo_step,RING0,mbedtls/$*.c)
	$(Q)$(CC) $(CFLAGS_MBEDTLS) -c $< -o $@

$(B)/libmbedtls-ring0.a: $(MBEDTLS_OBJS)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

# libfdt is linked as Debian built it; of its headers only these come into ring 0.
FDT_HEADERS := $(addprefix $(B)/ring0/include/,libfdt.h libfdt_env.h fdt.h)
$(FDT_HEADERS): $(B)/ring0/include/%: /usr/include/%
	@mkdir -p $(@D)
	@ln -sf $< $@
