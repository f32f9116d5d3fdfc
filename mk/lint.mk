# Static checks over every file of ours.
C_FILES := $(shell git ls-files -co --exclude-standard '*.c' '*.h')
SH_FILES := $(shell git ls-files -co --exclude-standard | xargs grep -lE '^\#!/bin/(sh|bash)' 2>/dev/null)
.PHONY: format
format:
	clang-format -i $(C_FILES)
