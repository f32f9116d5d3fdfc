# What the boot measured: our event records, the TCG event log and guests' launches.
PURE_SRCS += $(addprefix attest/,event.c log.c log_covers.c log_write.c replay.c leaf.c ticket.c verdict.c evidence.c launch.c)
# The verifier's part.
HOST_SRCS += $(addprefix attest/,quote.c verdicts.c boot_variable.c baseline.c reference.c appraise.c \
	appraise_log.c appraise_decisions.c appraise_nv.c event_words.c explain.c sign.c) lib/crypto/p256.c
