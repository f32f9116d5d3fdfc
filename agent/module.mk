# User space of the service VM.
include $(wildcard agent/*/module.mk)
