HV_PURE_SRCS += $(addprefix hv/mem/,carve.c pool.c paging.c)
-include hv/mem/ept.mk
