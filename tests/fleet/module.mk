# The fleet server as its peers meet it: over real TLS, with Python's ssl as the other side.
FLEET_TESTS := platform nodes baselines commands waiting
include tests/fleet/simnode.mk

# The same server with a clock that the test moves.
$(B)/tests/fleet/signetd-moved: $(B)/host/signetd/main.o $(B)/host/tests/fleet/moved_clock.o $(B)/libsignet.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -pie $(filter-out %/libyyjson.a,$^) -o $@ $(LDLIBS_FLEET) -lfdt
.SECONDARY: $(B)/host/tests/fleet/moved_clock.o

.PHONY: check-fleet
check-fleet: $(B)/signetd $(B)/signet $(B)/tests/fleet/signetd-moved $(B)/tests/fleet/simnode $(B)/stage.elf $(B)/payload.bin
	@tests/tap fleet $(foreach t,$(FLEET_TESTS),"python3 -B tests/fleet/$t.py")
