# Power cuts: the product's decisions on a simulated node (fake flash, fake NV), cut in every operation and again in recovery.
TEST_SRCS += tests/sim/doc_table.c tests/sim/power.c tests/sim/fake_nv.c

SIM_OBJS := $(patsubst %,$(B)/san/tests/sim/%.o,fake_flash releases node boot check coverage explore scenarios refusals \
	memo main)

$(B)/tests/sim/sim: $(SIM_OBJS) $(B)/libsignet-san.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined -Wl,--wrap=slot_transition,--wrap=ecdsa_p384_verify,--wrap=sha384_of $^ -o $@ $(LDLIBS_CRYPTO) \
		-lfdt

.PHONY: check-sim
check-sim: $(B)/tests/sim/sim
	@tests/tap sim $<
