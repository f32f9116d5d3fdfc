HV_PURE_SRCS += $(addprefix hv/mem/,carve.c pool.c tables.c paging.c ept.c)
