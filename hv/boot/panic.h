/*
 * The end of a hypervisor that found itself wrong: said on the console, then the machine starts anew, so that the
 * stage can count the try and take another slot.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_BOOT_PANIC_H
#define SIGNET_HV_BOOT_PANIC_H

#include "lib/err.h"

/* Reason, back trace, then reset, with the reason kept for the next boot's log. Every other processor is halted. */
_Noreturn void panic(const char *reason);

/* For lib/fatal.h. */
_Noreturn void panic_end(void);

/* A reset that is no defect: the reason is said and kept. */
_Noreturn void restart(const char *reason);

/*
 * "signet: stop NN": machine or release are not fit for each other. Halts until somebody switches it off; on trial it
 * resets, because the other slot may fare better.
 */
_Noreturn void stop(enum err e);
/* The same, unless e is OK. */
void must(enum err e);

/* This boot is a trial: the stage has counted the try. */
extern bool stop_resets;

#endif
