# The VM that owns the machine's devices.
HV_PURE_SRCS += $(addprefix hv/service/,acpi.c irq.c lines.c load.c memory.c pci.c ports.c)
HV_SRCS += $(addprefix hv/service/,machine.c assemble.c start.c) hv/x86/ioapic.c
