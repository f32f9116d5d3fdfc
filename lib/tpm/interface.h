/*
 * What the state machine (device.c) and the two register interfaces (fifo.c, crb.c) tell each other.
 * Trust: in the TCB.
 */
#ifndef SIGNET_LIB_TPM_INTERFACE_H
#define SIGNET_LIB_TPM_INTERFACE_H

#include "lib/tpm/device.h"

/* Interface time-outs of the PTP ("Interface Timeouts"), microseconds. */
enum {
	TIMEOUT_A = 750 * 1000,
	TIMEOUT_B = 2000 * 1000,
	TIMEOUT_C = 200 * 1000,
	/* TIMEOUT_D, 30 ms, is meant for a burst count; TIMEOUT_A stands in, as in Linux: real devices overrun it. */
};

struct tpm_step {
	/* What starts the phase; may be NULL. */
	void (*enter)(struct tpm_device *d);
	/* Looks once; sets *over when the phase has done its work. */
	enum err (*poll)(struct tpm_device *d, bool *over);
	u32 limit; /* 0: the command's own duration */
};

struct tpm_interface {
	const char *name;
	struct tpm_step step[PHASES];
};

extern const struct tpm_interface tpm_fifo;
extern const struct tpm_interface tpm_crb;

u8 device_read8(struct tpm_device *d, u32 offset);
u32 device_read32(struct tpm_device *d, u32 offset);
void device_write8(struct tpm_device *d, u32 offset, u8 value);
void device_write32(struct tpm_device *d, u32 offset, u32 value);

/* Bytes moved: the phase's time starts anew. */
void device_moved(struct tpm_device *d, size_t n);

/* Reads the length out of the response's header and checks it. ERR_TPM_ABSENT, ERR_TPM_RESPONSE. */
enum err device_expect_response(struct tpm_device *d) MUST_CHECK;

#endif
