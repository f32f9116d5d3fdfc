# One cmocka program a file, under ASan and UBSan, on the real sources.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*_test.c))

TEST_SRCS += tests/unit/loopback.c

$(B)/tests/unit/%_test: $(B)/san/tests/unit/%_test.o $(B)/libsignet-san.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ -lcmocka $(LDLIBS_FLEET) -lfdt
.SECONDARY: $(UNIT_TESTS:$(B)/tests/%=$(B)/san/tests/%.o)

.PHONY: check-unit
check-unit: $(UNIT_TESTS)
	@tests/tap unit $(UNIT_TESTS)
