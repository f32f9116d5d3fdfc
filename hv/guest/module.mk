# What a guest is started with, and its life.
HV_PURE_SRCS += $(addprefix hv/guest/,bzimage.c acpi.c aml.c cpuid.c msr.c measure.c linux.c)
HV_SRCS += $(addprefix hv/guest/,guest.c launch.c devices.c console.c policy.c wall_clock.c)
