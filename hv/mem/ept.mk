HV_PURE_SRCS += hv/mem/ept.c
