# Keys of a fleet: made, kept and used on the operator's machine.
HOST_SRCS += $(addprefix keys/,access.c certificate.c issue.c chain.c der.c esl.c files.c generate.c pkcs8.c private.c \
	random.c store.c variable.c)
HOST_SRCS += $(addprefix keys/,commands.c session.c init.c list.c rotate.c revoke.c export.c authorize.c approve.c)
