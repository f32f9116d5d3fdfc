# Freestanding test programs: payload.bin stands in the hypervisor's place, nvprobe.efi for another system on the
# machine, enrol.efi for whatever writes an owner's Secure Boot variables.
PAYLOAD_COMMON := relocate.S machine.c device.c
PAYLOAD_SRCS := $(PAYLOAD_COMMON) start.S tree.c stage.c image.c memory.c log.c pcrs.c act.c main.c
NVPROBE_SRCS := $(PAYLOAD_COMMON) nvprobe_start.S nvprobe.c
ENROL_SRCS := relocate.S machine.c enrol_start.S enrol.c
LINK_PAYLOAD := -nostdlib -static-pie -Wl,-z,text -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--no-undefined \
	-Wl,--no-warn-rwx-segments -Wl,--build-id=none

# Ours, and what both stand on: lib/ as ring 0 has it.
payload_objs = $(patsubst %,$(B)/ring0/%.o,$(basename $(addprefix tests/payload/,$1) $(filter lib/%,$(PURE_SRCS) $(STAGE_SRCS)) \
	lib/err_beyond.c))

$(B)/payload.elf: $(call payload_objs,$(PAYLOAD_SRCS))
$(B)/nvprobe.elf: $(call payload_objs,$(NVPROBE_SRCS))
$(B)/enrol.elf: $(call payload_objs,$(ENROL_SRCS))
$(B)/payload.elf: tests/payload/payload.ld
$(B)/nvprobe.elf $(B)/enrol.elf: tests/payload/efi.ld
$(B)/payload.elf $(B)/nvprobe.elf $(B)/enrol.elf: $(B)/libmbedtls-ring0.a
	$(call echo_step,LINK,$@)
	$(Q)$(CC) $(LINK_PAYLOAD) -T $(filter %.ld,$^) $(filter %.o,$^) $(B)/libmbedtls-ring0.a -o $@.partial -l:libfdt.a
	$(Q)! readelf -rW $@.partial | grep R_X86_64 | grep -v R_X86_64_RELATIVE
	$(Q)mv $@.partial $@
$(B)/payload.bin: $(B)/payload.elf
	$(Q)objcopy -O binary $< $@
$(B)/nvprobe.efi $(B)/enrol.efi: $(B)/%.efi: $(B)/%.elf
	$(Q)objcopy -O binary $< $@
ALL += $(B)/payload.bin
