/*
 * Small formatted output for code without an OS: %s %c %u %x %d %% with width, zero padding and the l/ll/z prefixes,
 * and %p. Trust: pure; formats only our own literals.
 */
#ifndef SIGNET_LIB_PRINT_H
#define SIGNET_LIB_PRINT_H

#include "lib/types.h"

#include <stdarg.h>

/* Formats into room bytes, always NUL-terminated when room > 0; returns the length without the NUL, cut at room - 1. */
size_t format(char *to, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
size_t format_args(char *to, size_t room, const char *fmt, va_list args);

/* Where console text goes; set once at start. */
typedef void console_sink(const char *text, size_t n);
void console_set(console_sink *sink);

/* Prints one line "signet: ..." plus newline, through every sink set. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lower-case hexadecimal, NUL-terminated: to has room for 2n + 1. */
void hex_encode(char *to, const u8 *bytes, size_t n);

#endif
