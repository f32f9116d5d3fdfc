# How the service VM and the hypervisor talk.
HV_PURE_SRCS += $(addprefix hv/control/,block.c control.c guests.c messages.c node.c ports.c status.c)
