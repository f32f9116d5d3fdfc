# Base for stage, hypervisor and host.
PURE_SRCS += lib/err.c lib/bytes.c lib/print.c lib/crypto/crypto.c
STAGE_SRCS += lib/string.c lib/crypto/heap.c lib/stack_guard.c
include lib/tpm/module.mk
