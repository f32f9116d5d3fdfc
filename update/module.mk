PURE_SRCS += update/state.c update/decide.c update/plan.c update/nv.c
# Runs beside the boot chain, never in it.
HOST_SRCS += update/install.c update/leaves.c update/mark.c update/reuse.c update/refusal.c update/transfer.c
-include update/tpm.mk
