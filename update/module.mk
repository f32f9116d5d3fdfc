PURE_SRCS += update/state.c update/decide.c update/plan.c update/nv.c
-include update/tpm.mk
