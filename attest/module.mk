# What the boot measured: our event records and the TCG event log.
PURE_SRCS += attest/event.c
