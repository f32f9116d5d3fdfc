# libFuzzer targets, one a parser of outside bytes: any fuzz_NAME.c dropped here takes part. Its seeds are the files in
# seeds/NAME, and what the seed_*.c programs write into DIRECTORY/fuzz_NAME for the DIRECTORY they are given.
#   FUZZ_LDFLAGS_fuzz_NAME   more linker flags for one target
FUZZ_TIME ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SEEDERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/seed_*.c))
FUZZ_SEED_FILES := $(wildcard tests/fuzz/seeds/*/*)

# Whole images get past their signatures here: the target decides for itself what a valid one is.
FUZZ_LDFLAGS_fuzz_image := -Wl,--wrap=ecdsa_p384_verify
FUZZ_LDFLAGS_fuzz_keys := -Wl,--wrap=ecdsa_p384_verify
FUZZ_LDFLAGS_fuzz_ticket := -Wl,--wrap=ecdsa_p384_verify

$(B)/tests/fuzz/fuzz_%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(B)/libsignet-fuzz.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined $^ -o $@ $(FUZZ_LDFLAGS_fuzz_$*) $(LDLIBS_CRYPTO) $(LDLIBS_HTTP) -lfdt

$(B)/tests/fuzz/seed_%: $(B)/san/tests/fuzz/seed_%.o $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ $(LDLIBS_CRYPTO) -lfdt
.SECONDARY: $(FUZZ_TARGETS:$(B)/tests/%=$(B)/fuzz/tests/%.o) $(FUZZ_SEEDERS:$(B)/tests/%=$(B)/san/tests/%.o)

$(B)/fuzz-seeds/.made: $(FUZZ_SEEDERS) $(FUZZ_SEED_FILES)
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@for seeds in tests/fuzz/seeds/*; do cp -r $$seeds $(@D)/fuzz_$${seeds##*/} || exit 1; done
	@for seeder in $(FUZZ_SEEDERS); do $$seeder $(@D) || exit 1; done
	@for seeds in $(@D)/*; do test -f tests/fuzz/$${seeds##*/}.c || { echo "$$seeds: seeds of no target"; exit 1; }; done
	@touch $@

# A fixed number of runs from fixed seeds, so that the outcome does not hang on the machine's speed.
.PHONY: check-fuzz fuzz
check-fuzz: $(FUZZ_TARGETS) $(B)/fuzz-seeds/.made
	@tests/tap fuzz $(foreach t,$(FUZZ_TARGETS),"tests/fuzz/run $t $(B)/fuzz-seeds/$(notdir $t) -runs=10000 -seed=1")

# Findings land beside the corpus, which grows from run to run.
fuzz: $(FUZZ_TARGETS) $(B)/fuzz-seeds/.made
	@V=1 tests/tap fuzz $(foreach t,$(FUZZ_TARGETS),"tests/fuzz/run $t $(B)/fuzz-seeds/$(notdir $t) \
		-max_total_time=$(FUZZ_TIME) $(B)/fuzz-corpus/$(notdir $t)")
