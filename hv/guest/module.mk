# What a guest is started with.
HV_PURE_SRCS += $(addprefix hv/guest/,bzimage.c acpi.c aml.c cpuid.c)
