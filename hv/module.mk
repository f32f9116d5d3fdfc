# The hypervisor: HV_PURE_SRCS is logic that host tests run as it is, HV_SRCS touches the machine.
include $(wildcard hv/*/module.mk)
