# Each check-* target runs programs that print TAP and ends with one line "N passed, N failed" (tests/tap).
include $(wildcard tests/*/module.mk)
