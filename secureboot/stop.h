/* The end of every boot that may not go on. */
#ifndef SIGNET_SECUREBOOT_STOP_H
#define SIGNET_SECUREBOOT_STOP_H

#include "lib/err.h"

/* Says "signet: stop NN: reason" and what to do about it, then halts until somebody switches the machine off. */
_Noreturn void stop(enum err e);

/* What a person can do about a stop, one short line; NULL where the reason says it all. */
const char *stop_advice(enum err e);

#endif
