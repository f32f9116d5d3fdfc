# The hypervisor as the stage loads it: build/hv.bin.
HV_PURE_SRCS += $(addprefix hv/boot/,handoff.c handoff_rules.c acpi.c backtrace.c screen.c font.c \
	last_run.c)
HV_SRCS += $(addprefix hv/boot/,start.S trampoline.S main.c layout.c smp.c root.c console.c panic.c)
# What a link variant has another one of.
HV_RUN := hv/boot/run.c
HV_SRCS += $(HV_RUN)

# Of what the stage is made of, the hypervisor shares these.
HV_SHARED = $(filter lib/%,$(PURE_SRCS) $(STAGE_SRCS)) image/format.c secureboot/memory.c
hv_objs = $(patsubst %,$(B)/ring0/%.o,$(basename $1))

LINK_HV := -nostdlib -static-pie -Wl,-z,text -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--no-undefined \
	-Wl,--no-warn-rwx-segments -Wl,--build-id=none -Wl,-z,norelro -T hv/hv.ld
HV_VARIANTS := $(addprefix $(B)/,hv.elf hv-panic.elf hv-overrun.elf hv-guest.elf hv-machine.elf hv-linux.elf hv-node.elf hv-tests.elf \
	hv-handoff.elf)

# Every module has been read when these are made.
.SECONDEXPANSION:
$(B)/hv.elf: $$(call hv_objs,$$(HV_SRCS) $$(HV_PURE_SRCS) $$(HV_SHARED))
$(B)/hv-handoff.elf: $$(call hv_objs,$$(HV_SRCS) $$(HV_PURE_SRCS) $$(HV_SHARED) tests/bench/hv_handoff.c)
$(B)/hv-handoff.elf: LINK_HV += -Wl,--wrap=hv_main,--wrap=vmx_enter
$(filter-out $(B)/hv.elf $(B)/hv-handoff.elf,$(HV_VARIANTS)): $(B)/hv-%.elf: $$(call hv_objs,$$(filter-out $$(HV_RUN),$$(HV_SRCS)) \
	$$(HV_PURE_SRCS) $$(HV_SHARED) $$(wildcard tests/vmx/audit/*.c tests/vmx/hv_$$*.c tests/vmx/hv_$$*_*.c))
# tests/vmx/audit/vms.c looks at all EPTs after each.
$(filter-out $(B)/hv.elf $(B)/hv-handoff.elf,$(HV_VARIANTS)): LINK_HV += -Wl,--wrap=vm_start,--wrap=vm_destroy
$(HV_VARIANTS): $(B)/libmbedtls-ring0.a hv/hv.ld hv/boot/module.mk
	$(call echo_step,LINK,$@)
	$(Q)$(CC) $(LINK_HV) $(filter %.o,$^) $(B)/libmbedtls-ring0.a -o $@.1 -l:libfdt.a
	$(Q)! readelf -rW $@.1 | grep R_X86_64 | grep -v R_X86_64_RELATIVE
	$(Q)mv $@.1 $@
$(HV_VARIANTS:.elf=.bin): $(B)/%.bin: $(B)/%.elf
	$(Q)objcopy -O binary $< $@
ALL += $(B)/hv.bin

# What is loaded: code, crypto, constants. Beside it, what else of memory is taken: stacks and buffers that begin
# as zeros.
HV_SIZE_MAX := 262144
.PHONY: check-hv-size
check-size: check-hv-size
check-hv-size: $(B)/hv.elf $(B)/hv.bin
	@size=$$(stat -c %s $(B)/hv.bin); \
	echo "hypervisor: $$size of $(HV_SIZE_MAX) bytes loaded," \
		"$$((0x$$(nm $< | sed -n 's/ . memory_end$$//p') - size)) of zeros beside them"; \
	[ $$size -le $(HV_SIZE_MAX) ] || { echo 'hypervisor: over its budget' >&2; exit 1; }
