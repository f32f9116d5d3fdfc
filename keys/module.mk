# Keys of a fleet: made, kept and used on the operator's machine.
HOST_SRCS += $(addprefix keys/,access.c certificate.c chain.c files.c generate.c pkcs8.c private.c random.c store.c)
