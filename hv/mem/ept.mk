HV_PURE_SRCS += hv/mem/ept.c hv/mem/audit.c
