/*
 * What the driver (device.c) and the two register interfaces (fifo.c, crb.c) tell each other.
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

/* TPM_ACCESS (FIFO) and TPM_LOC_STATE (CRB) share their place and this bit, and are looked at as a byte. */
enum { REG_ACCESS = 0x00, ACCESS_VALID = BIT(7) };

/* What a register is to show in the bits of mask, and how long that may take, microseconds. */
struct tpm_wait {
	u32 reg, mask, value;
	u32 limit; /* 0: the command's own duration */
	bool differs; /* anything but value */
};

/* One command and its answer. */
struct tpm_exchange {
	const u8 *command;
	size_t command_size;
	u8 *response;
	size_t room, length;
};

struct tpm_interface {
	/* From taking locality 0 to handing the whole command over. */
	enum err (*send)(struct tpm_device *d, const struct tpm_exchange *x);
	/* Until the command is done. */
	enum err (*execute)(struct tpm_device *d, const struct tpm_exchange *x);
	/* After a failure in execution. */
	enum err (*cancel)(struct tpm_device *d);
	/* The whole response, its length found by device_expect(). */
	enum err (*receive)(struct tpm_device *d, struct tpm_exchange *x);
	/* Always last: ends whatever is under way and gives locality 0 back. */
	enum err (*release)(struct tpm_device *d);
};

extern const struct tpm_interface tpm_fifo;
extern const struct tpm_interface tpm_crb;

/* width: 1 or 4 bytes. */
u32 device_read(struct tpm_device *d, u32 offset, u32 width);
void device_write(struct tpm_device *d, u32 offset, u32 width, u32 value);

/* Looks until it is so, with what was seen in *found. ERR_TPM_TIMEOUT; ERR_TPM_ABSENT: the register reads all ones. */
enum err device_wait(struct tpm_device *d, const struct tpm_wait *w, u32 *found) MUST_CHECK;
/* The same for the end of a command, which w limits by 0. */
enum err device_wait_done(struct tpm_device *d, const struct tpm_wait *w, const struct tpm_exchange *x) MUST_CHECK;

/* Reads the length out of the response's header and checks it. ERR_TPM_ABSENT, ERR_TPM_RESPONSE. */
enum err device_expect(struct tpm_exchange *x) MUST_CHECK;

#endif
