/*
 * Why the last run ended, kept in RAM over a warm reset: found again only where firmware cleared no memory and nothing
 * else was loaded there. It is for people to read, and nothing is decided by it: whoever had the memory in between may
 * have written it.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_LAST_RUN_H
#define SIGNET_HV_BOOT_LAST_RUN_H

#include "lib/err.h"

enum { LAST_RUN_TEXT = 240 };

struct last_run {
	u64 magic, checksum;
	char text[LAST_RUN_TEXT];
};

/* Cuts text that is too long. The caller sees to it that it reaches memory. */
void last_run_keep(struct last_run *record, const char *text);

/* False: none is there, or not a whole one. A record is found once; text is printable and ends with a NUL. */
bool last_run_take(struct last_run *record, char text[LAST_RUN_TEXT]) MUST_CHECK;

#endif
