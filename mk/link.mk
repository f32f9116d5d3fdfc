# Libraries made of the modules' lists, and what `make` builds by default.
host_objs = $(patsubst %.c,$(B)/$1/%.o,$2)
RING0_OBJS := $(patsubst %.c,$(B)/ring0/%.o,$(patsubst %.S,$(B)/ring0/%.o,$(PURE_SRCS) $(STAGE_SRCS)))

libsignet_objs := $(call host_objs,host,$(PURE_SRCS) $(HOST_SRCS))
libsignet-san_objs := $(call host_objs,san,$(PURE_SRCS) $(HV_PURE_SRCS) $(HOST_SRCS) $(TEST_SRCS))
libsignet-fuzz_objs := $(call host_objs,fuzz,$(PURE_SRCS) $(HV_PURE_SRCS) $(HOST_SRCS))
ring0_objs := $(RING0_OBJS)
LIBS := $(addprefix $(B)/,libsignet.a libsignet-san.a libsignet-fuzz.a)

# Written anew only when it differs: an object must not live on in an archive after its source left the list.
$(LIBS:.a=.list) $(B)/ring0.list: $(B)/%.list: FORCE
	@mkdir -p $(@D)
	@echo '$($*_objs)' | cmp -s - $@ || echo '$($*_objs)' >$@

.SECONDEXPANSION:
$(LIBS): $(B)/%.a: $$($$*_objs) $(B)/%.list
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

DEPS := $(shell find $(B) -type f -name '*.d' 2>/dev/null)

.PHONY: all clean FORCE
all: $(ALL)
clean:
	rm -rf $(B)
