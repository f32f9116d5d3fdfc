# The signed image format, whole; what needs an operating system is in host.mk.
PURE_SRCS += $(addprefix image/,format.c message.c layout.c text.c signature.c keyset.c chain.c manifest.c merkle.c \
	content.c hypervisor.c verify.c judge.c anchor.c encode.c fleet.c)
-include image/host.mk
