# What the boot measured: our event records and the TCG event log.
PURE_SRCS += attest/event.c attest/log.c attest/log_write.c attest/replay.c
