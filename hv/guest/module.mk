# What a guest is started with, and its life.
HV_PURE_SRCS += $(addprefix hv/guest/,bzimage.c acpi.c aml.c cpuid.c msr.c linux.c guest.c launch.c lease.c console.c)
HV_SRCS += $(addprefix hv/guest/,devices.c policy.c wall_clock.c)
