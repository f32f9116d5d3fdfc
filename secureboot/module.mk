# The stage: pure logic that host tests run as it is, and the few files that touch the machine.
PURE_SRCS += $(addprefix secureboot/,multiboot2.c memory.c efi_memory.c bios_memory.c identity.c advice.c slot.c measure.c \
	handoff.c stage.c)
STAGE_SRCS += $(addprefix secureboot/,entry.S anchor.S err_none.c relocate.c exceptions.c stop.c console.c machine.c efi_services.c \
	efi_pages.c efi_exit.c efi_screen.c efi_tcg2.c platform_efi.c platform_bios.c main.c)
TEST_SRCS += tests/unit/fake_machine.c

ALL += $(B)/stage.elf $(B)/grub.cfg $(B)/grub.modules

# Beside the stage, where `signet boot build` looks for them.
$(B)/grub.cfg $(B)/grub.modules: $(B)/%: secureboot/%
	$(Q)cp $< $@

LDFLAGS_STAGE := -static-pie -nostdlib -Wl,-z,text -Wl,-z,pack-relative-relocs -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,--no-undefined -Wl,--fatal-warnings -Wl,-T,secureboot/stage.ld

# RING0_OBJS is complete only when every module has been read.
$(B)/stage.full.elf: secureboot/stage.ld $(B)/libmbedtls-ring0.a $(B)/ring0.list
.SECONDEXPANSION:
$(B)/stage.full.elf: $$(RING0_OBJS)
	$(call echo_step,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_STAGE) -o $@ $(RING0_OBJS) $(B)/libmbedtls-ring0.a -l:libfdt.a

# GRUB would load symbols and debugging information into memory too.
$(B)/stage.elf: $(B)/stage.full.elf
	$(Q)objcopy --strip-all $< $@

# All that GRUB puts into memory: code, crypto, anchor, stack, heap.
STAGE_SIZE_MAX := 163840
.PHONY: check-size
check-size: $(B)/stage.full.elf
	@address() { echo $$((0x$$(nm $< | sed -n "s/ . $$1\$$//p"))); }; \
	size=$$(($$(address image_end) - $$(address image_start))); \
	echo "stage: $$size of $(STAGE_SIZE_MAX) bytes loaded"; \
	[ $$size -le $(STAGE_SIZE_MAX) ] || { echo 'stage: over its budget' >&2; exit 1; }
