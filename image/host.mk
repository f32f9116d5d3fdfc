# Making, signing and showing images, and the flash disk: what needs an operating system. PCR12's events are the stage's too.
PURE_SRCS += image/events.c
HOST_SRCS += $(addprefix image/host/,file.c image_file.c leaf_list.c chain.c payload.c build.c sign.c trust.c check.c \
	authenticode.c forecast.c)
HOST_SRCS += $(addprefix image/boot/,stage_elf.c ustar.c tool.c config.c grub.c boot.c)
HOST_SRCS += $(addprefix image/flash/,layout.c gpt.c fat.c bios.c device.c slot.c disk.c)
HOST_SRCS += $(addprefix cli/,units.c image_common.c image_commands.c image_build.c image_sign.c image_verify.c \
	image_inspect.c image_inspect_print.c image_pcrs.c boot_commands.c flash_commands.c flash_common.c flash_parts.c \
	flash_make.c flash_slot.c flash_inspect.c)
