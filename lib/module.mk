# Base for stage, hypervisor and host.
PURE_SRCS += lib/err.c lib/bytes.c lib/print.c lib/fatal.c lib/crypto/crypto.c
STAGE_SRCS += lib/string.c lib/crypto/heap.c lib/stack_guard.c
include lib/tpm/module.mk

# gcc knows memcpy and memset when it sees one, and would make memcpy call itself.
$(B)/ring0/lib/string.o: CFLAGS_RING0 += -fno-tree-loop-distribute-patterns
