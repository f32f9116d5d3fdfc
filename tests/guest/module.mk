# Bare-metal guests for the runner tests/vmx/hv_tests.c: one program for 64-bit cases, one for what starts in real mode.
GUEST_C := $(patsubst %.c,$(B)/%.o,$(wildcard tests/guest/*.c))
GUEST_FLAGS := $(filter-out -fpie -fstack-protector-strong -mstack-protector-guard=global,$(CFLAGS_RING0)) -fno-pie -mcmodel=small \
	-fno-stack-protector
$(GUEST_C): $(B)/tests/guest/%.o: tests/guest/%.c mk/config.mk tests/guest/module.mk
	@mkdir -p $(@D)
	$(call echo_step,GUEST,$<)
	$(Q)$(CC) $(GUEST_FLAGS) -c $< -o $@
$(B)/tests/guest/start.o $(B)/tests/guest/legacy.o: $(B)/tests/guest/%.o: tests/guest/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@
$(B)/tests/guest/long.elf: $(B)/tests/guest/start.o $(GUEST_C) tests/guest/guest.ld
	$(Q)$(LD) -T tests/guest/guest.ld -o $@ $(filter %.o,$^)
$(B)/tests/guest/legacy.elf: $(B)/tests/guest/legacy.o
	$(Q)$(LD) -m elf_x86_64 -Ttext 0x8000 -o $@ $<
$(B)/tests/guest/long.bin $(B)/tests/guest/legacy.bin: %.bin: %.elf
	$(Q)objcopy -O binary $< $@
$(B)/ring0/tests/vmx/hv_tests.o $(B)/lint/tests/vmx/hv_tests.c.host-analyzed: $(B)/tests/guest/long.bin $(B)/tests/guest/legacy.bin
