# Signet. `make help` lists the targets. Everything runs inside the build root (tools/buildroot) unless NATIVE=1.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:

ifndef NATIVE
.DEFAULT_GOAL := all
# One recipe for whatever is asked: the same make, inside the build root.
JOBS ?= $(shell nproc)
forward = $(foreach v,V KEEP FUZZ_TIME ONLY PATIENCE,$(if $($v),$v='$($v)'))
goals := $(filter-out help clean install uninstall,$(or $(MAKECMDGOALS),all))
.PHONY: $(goals) enter help clean
$(goals): enter ;
enter:
	@tools/buildroot ensure
	@tools/buildroot run make -j$(JOBS) NATIVE=1 $(forward) $(goals)
Makefile: ;
clean:
	rm -rf build
include mk/help.mk
include mk/install.mk
else

.DEFAULT_GOAL := all
B := build
include mk/config.mk
include mk/mbedtls.mk
include mk/yyjson.mk
include mk/rules.mk
include lib/module.mk
include image/module.mk
include attest/module.mk
include update/module.mk
include keys/module.mk
include secureboot/module.mk
include hv/module.mk
include agent/module.mk
include signetd/module.mk
include cli/module.mk
include mk/install.mk
include tests/module.mk
include tools/bochs-plugins/module.mk
include mk/link.mk
include mk/image.mk
include mk/lint.mk
include mk/check.mk
include mk/help.mk
-include $(DEPS)

endif
