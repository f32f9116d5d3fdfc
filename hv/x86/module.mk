HV_SRCS += $(addprefix hv/x86/,descriptors.c exceptions.S apic.c clock.c cpu_local.c)
HV_PURE_SRCS += hv/x86/lock.c
