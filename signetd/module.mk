# The fleet server. Its main.c stays out of the library, so that test programs link the rest.
HOST_SRCS += $(addprefix signetd/,blobs.c body.c call.c clock.c clock_system.c journal.c route.c text.c)
HOST_SRCS += $(addprefix signetd/storage_sqlite/,sqlite.c statement.c meta.c audit.c operators.c leaves.c)
-include signetd/domain.mk
