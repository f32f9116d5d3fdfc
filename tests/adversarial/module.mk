# Attacks, each named by its row in the catalogue of attacks (SECURITY.md): one cmocka program a group of rows, under ASan
# and UBSan. Any *_test.c dropped here takes part.
TEST_SRCS += tests/adversarial/forge.c tests/adversarial/forge_people.c tests/adversarial/software_tpm.c \
	tests/adversarial/scene.c
ADVERSARIAL_TESTS := $(patsubst tests/adversarial/%.c,$(B)/tests/adversarial/%,$(wildcard tests/adversarial/*_test.c))

$(B)/tests/adversarial/%_test: $(B)/san/tests/adversarial/%_test.o $(B)/libsignet-san.a $(B)/libyyjson.a
	@mkdir -p $(@D)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) -fsanitize=address,undefined $^ -o $@ -lcmocka $(LDLIBS_FLEET) -lfdt
.SECONDARY: $(ADVERSARIAL_TESTS:$(B)/tests/%=$(B)/san/tests/%.o)

.PHONY: check-adversarial
check-adversarial: $(ADVERSARIAL_TESTS)
	@tests/tap adversarial $(ADVERSARIAL_TESTS)
