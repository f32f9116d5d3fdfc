# Static checks over every file of ours: each leaves a stamp, so only what changed, itself or by a header, is checked again.
C_FILES := $(shell git ls-files -co --exclude-standard '*.c' '*.h')
SH_FILES := $(shell git ls-files -co --exclude-standard | xargs grep -lE '^\#!/bin/(sh|bash)' 2>/dev/null)
HEADERS := $(filter-out lib/freestanding/%,$(filter %.h,$(C_FILES)))
# Ring-0 files see ring-0 headers alone; everything else is checked as the host compiles it.
RING0_C := $(filter %.c,$(STAGE_SRCS) $(HV_SRCS))
HOST_C := $(filter-out $(RING0_C),$(filter %.c,$(C_FILES)))

.PHONY: lint lint-format lint-shell lint-layers lint-cppcheck format
lint: lint-format lint-shell lint-layers lint-cppcheck lint-headers lint-analyzer lint-tidy
	@echo 'lint: clean'

format:
	clang-format -i $(C_FILES)
lint-format:
	$(Q)clang-format --dry-run -Werror $(C_FILES)
lint-shell:
	$(Q)shellcheck -x $(SH_FILES)
# Root mode shares with others what is neither's own, and knows nothing of theirs (docs/architecture.md).
lint-layers:
	$(Q)! git grep -nE '^#include "hv/' -- '*.c' '*.h' ':!hv' ':!tests'
	$(Q)! git grep -nE '^#include "(agent|signetd|cli|keys)/' -- hv secureboot
lint-cppcheck: $(B)/lint/cppcheck.stamp
$(B)/lint/cppcheck.stamp: $(C_FILES) mk/cppcheck.txt
	@mkdir -p $(@D)
	$(call echo_step,LINT,cppcheck)
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=mk/cppcheck.txt --cppcheck-build-dir=$(@D) -j 2 -D__x86_64__ -I. -q $(filter %.c,$(C_FILES))
	@touch $@

CFLAGS_LINT_HOST = $(filter-out -MMD -MP,$(CFLAGS_HOST))
CFLAGS_LINT_RING0 = $(filter-out -MMD -MP,$(CFLAGS_RING0))
# clang knows neither gcc's warnings nor its guard placement.
TIDY_HOST = -std=c17 -I. $(HOST_INCLUDES) -D_GNU_SOURCE
TIDY_RING0 = -std=c17 $(FREESTANDING_INCLUDES) -ffreestanding

.PHONY: lint-headers lint-analyzer lint-tidy
lint-headers: $(HEADERS:%=$(B)/lint/%.alone)
$(B)/lint/%.alone: % mk/config.mk | $(FDT_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_LINT_HOST) -Wno-unused-function -fsyntax-only -MMD -MP -MF $@.d -MT $@ -x c $<
	@touch $@

lint-analyzer: $(HOST_C:%=$(B)/lint/%.host-analyzed) $(RING0_C:%=$(B)/lint/%.ring0-analyzed)
$(B)/lint/%.host-analyzed: % mk/config.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_LINT_HOST) -fanalyzer -MMD -MP -MF $@.d -MT $@ -c $< -o /dev/null
	@touch $@
$(B)/lint/%.ring0-analyzed: % mk/config.mk | $(FDT_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_LINT_RING0) -fanalyzer -MMD -MP -MF $@.d -MT $@ -c $< -o /dev/null
	@touch $@

# gcc's stamp stands for the headers, of which clang-tidy keeps no list.
lint-tidy: $(HOST_C:%=$(B)/lint/%.host-tidy) $(RING0_C:%=$(B)/lint/%.ring0-tidy)
$(B)/lint/%.host-tidy: % $(B)/lint/%.host-analyzed .clang-tidy tests/.clang-tidy
	@mkdir -p $(@D)
	$(call echo_step,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(TIDY_HOST) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@
$(B)/lint/%.ring0-tidy: % $(B)/lint/%.ring0-analyzed .clang-tidy | $(FDT_HEADERS)
	@mkdir -p $(@D)
	$(call echo_step,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(TIDY_RING0) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@
