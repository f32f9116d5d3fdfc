PURE_SRCS += lib/tpm/tpm.c
