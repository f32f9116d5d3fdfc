# Libraries made of the modules' lists, and what `make` builds by default.
host_objs = $(patsubst %.c,$(B)/$1/%.o,$2)
RING0_OBJS := $(patsubst %.c,$(B)/ring0/%.o,$(patsubst %.S,$(B)/ring0/%.o,$(PURE_SRCS) $(STAGE_SRCS)))

$(B)/libsignet.a: $(call host_objs,host,$(PURE_SRCS) $(HOST_SRCS))
$(B)/libsignet-san.a: $(call host_objs,san,$(PURE_SRCS) $(HV_PURE_SRCS) $(HOST_SRCS) $(TEST_SRCS))
$(B)/libsignet-fuzz.a: $(call host_objs,fuzz,$(PURE_SRCS) $(HV_PURE_SRCS) $(HOST_SRCS))
$(B)/libsignet.a $(B)/libsignet-san.a $(B)/libsignet-fuzz.a:
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

DEPS := $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all clean
all: $(ALL)
clean:
	rm -rf $(B)
