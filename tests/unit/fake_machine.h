/*
 * A machine for the pure stage: one arena of memory, a list of measurements, and answers that a test chooses.
 * Test code.
 */
#ifndef SIGNET_TESTS_UNIT_FAKE_MACHINE_H
#define SIGNET_TESTS_UNIT_FAKE_MACHINE_H

#include "secureboot/platform.h"

enum { EVENTS_MAX = 32, SAID_SIZE = 4096, COURSE_SIZE = 64 };

/* What it was asked for, and what it shall answer. */
struct fake_machine {
	u64 used;
	u32 live;
	u32 allocations;
	u32 no_memory_at; /* which allocation fails, from 1; 0: none */
	u64 fixed_address; /* the one address that can be had */
	enum err measure_fails, finish_fails;
	u32 fails_at; /* which measurement fails, from 0; no other does */
	u32 measurements; /* asked for */
	u32 finished;
	u32 events;
	u32 pcr[EVENTS_MAX];
	struct event event[EVENTS_MAX];
	char said[SAID_SIZE];
	size_t said_length;
	void (*on_allocate)(u32 which);
	/* One letter each for a write to NV, a measurement, the end of firmware. */
	char course[COURSE_SIZE];
};
extern struct fake_machine machine;

/* Forgets everything and listens to the console. */
void fake_machine_reset(void);
/* UEFI with Secure Boot; nothing loaded. */
struct platform fake_platform(void);
void machine_note(char letter);

#endif
