# Compilers and flags. Variants differ by flags and link lists alone, never by conditionals in the code.
CC := gcc
CLANG := clang
AR := ar
MBEDTLS := /usr/src/signet/mbedtls
YYJSON := /usr/src/signet/yyjson/src

# Reproducible: no path of this machine, no time of day in any output.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1)
export SOURCE_DATE_EPOCH
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=.

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wswitch-enum \
	-Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
GCC_WARNINGS := -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init

CFLAGS_COMMON := -std=c17 -g -I. $(WARNINGS) $(PREFIX_MAP) -MMD -MP
HOST_INCLUDES := -isystem $(YYJSON)
CFLAGS_HOST := $(CFLAGS_COMMON) $(HOST_INCLUDES) $(GCC_WARNINGS) -O2 -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=3 -D_GNU_SOURCE
CFLAGS_SAN := $(CFLAGS_COMMON) $(HOST_INCLUDES) $(GCC_WARNINGS) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE -Wno-null-dereference
CFLAGS_FUZZ := $(CFLAGS_COMMON) $(HOST_INCLUDES) -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE

# Ring 0: no SSE, no red zone, position-independent, our own few C headers before anybody else's.
GCC_INCLUDE := $(shell $(CC) -print-file-name=include)
FREESTANDING_INCLUDES := -nostdinc -I. -isystem lib/freestanding -isystem $(GCC_INCLUDE) -isystem $(B)/ring0/include \
	-DMBEDTLS_CONFIG_FILE='"lib/crypto/mbedtls_config.h"' -isystem $(MBEDTLS)/include
CFLAGS_RING0 := $(filter-out -I.,$(CFLAGS_COMMON)) $(GCC_WARNINGS) $(FREESTANDING_INCLUDES) -Os -ffreestanding \
	-fno-omit-frame-pointer -mno-red-zone -mgeneral-regs-only -fpie -fvisibility=hidden -fno-plt -fcf-protection=none \
	-fstack-protector-strong -mstack-protector-guard=global -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables

LDLIBS_CRYPTO := -lmbedtls -lmbedx509 -lmbedcrypto
# HTTP and JSON, for agent, fleet server and command line; the archive comes from mk/yyjson.mk.
LDLIBS_HTTP := -lllhttp $(B)/libyyjson.a
