# Base for stage, hypervisor and host.
PURE_SRCS += lib/err.c lib/bytes.c lib/print.c lib/fatal.c lib/crypto/crypto.c lib/fdt_rules.c
# The stage has its own end of the list of errors.
HV_PURE_SRCS += lib/err_beyond.c
HOST_SRCS += lib/err_beyond.c
STAGE_SRCS += lib/string.c lib/crypto/heap.c lib/stack_guard.c
# To the fleet server and back.
HOST_SRCS += $(addprefix lib/tls/,deadline.c socket.c identity.c trust.c client.c) lib/http/response.c lib/http/client.c lib/json/fields.c
include lib/tpm/module.mk

# gcc knows memcpy and memset when it sees one, and would make memcpy call itself.
$(B)/ring0/lib/string.o: CFLAGS_RING0 += -fno-tree-loop-distribute-patterns

# The inner loops of hashing and verification: 3 KB more, and twice as fast.
$(addprefix $(B)/ring0/mbedtls/,sha256.o sha512.o bignum_core.o): CFLAGS_MBEDTLS += -O2

# Base, crypto and Debian's libfdt need nothing else: linked as the stage is, no symbol may stay open.
LINK_CHECK_OBJS := $(patsubst lib/%.c,$(B)/ring0/lib/%.o,lib/link_check.c lib/err.c lib/err_beyond.c lib/bytes.c lib/print.c lib/fatal.c \
	lib/crypto/crypto.c lib/string.c lib/crypto/heap.c lib/stack_guard.c)
LINK_RING0 := -nostdlib -static-pie -Wl,-z,text -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--no-undefined -Wl,--fatal-warnings
$(B)/ring0-link-check: $(LINK_CHECK_OBJS) $(B)/libmbedtls-ring0.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) $(LINK_RING0) -o $@.partial $^ -l:libfdt.a
	$(Q)! nm --undefined-only $@.partial | grep .
	$(Q)! objdump -d $@.partial | grep -E '%[xyz]mm|%st'
	$(Q)mv $@.partial $@
check-unit: $(B)/ring0-link-check

# The objects above as they are, in a host program: what runs without an OS is what is tested.
$(B)/tests/unit/ring0_test: $(B)/host/tests/unit/ring0_test.o $(filter-out %/link_check.o,$(LINK_CHECK_OBJS)) \
		$(B)/libmbedtls-ring0.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $^ -o $@ -lcmocka
