/*
 * The status screen on the frame buffer: a few lines that say which release runs here and how far it is, and what a
 * panic reports. There is nothing to log in to.
 * Trust: in the TCB; pure over the frame buffer. Nothing here decides anything; callers take turns.
 */
#ifndef SIGNET_HV_BOOT_SCREEN_H
#define SIGNET_HV_BOOT_SCREEN_H

#include "hv/boot/handoff.h"

enum screen_line {
	SCREEN_RELEASE,
	SCREEN_SLOT,
	SCREEN_NODE, /* its id */
	SCREEN_ADDRESS,
	SCREEN_VERDICT, /* of the gate */
	SCREEN_WAITS, /* what the service VM says it waits for */
	SCREEN_LINES,
};

/* Clears it and shows what the hand-off told. No frame buffer, or one too small: every function does nothing. */
void screen_start(const struct boot_info *info);

/* Replaces a line; what does not fit is cut. */
void screen_set(enum screen_line line, const char *text);

/* A console_sink: below the status, until the screen is full. */
void screen_report(const char *text, size_t n);

/* 5 dots wide, 7 high, row by row from the top: bit 34 is the first dot. From ' ' to '~'. */
extern const u64 font[95];
enum { FONT_WIDTH = 5, FONT_HEIGHT = 7 };

#endif
