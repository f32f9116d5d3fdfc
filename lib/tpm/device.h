/*
 * A TPM behind registers (TCG PC Client Platform TPM Profile, "PTP"), by both interfaces, FIFO (TIS) and CRB, at
 * locality 0. Between two looks at a register it calls idle(), in which a hypervisor does other work.
 * Trust: in the TCB; pure over struct tpm_registers. Everything the device says is checked.
 */
#ifndef SIGNET_LIB_TPM_DEVICE_H
#define SIGNET_LIB_TPM_DEVICE_H

#include "lib/tpm/tpm.h"

enum { TPM_REGISTERS_BASE = 0xFED40000, TPM_REGISTERS_SIZE = 0x1000 };

/* Offsets count from locality 0's page. */
struct tpm_registers {
	/* Writes *value, or reads where value is NULL; width: 1 or 4 bytes. */
	u32 (*access)(void *context, u32 offset, u32 width, const u32 *value);
	/* Microseconds, from any start, never going back. */
	u64 (*now)(void *context);
	/* Called between looks, so that others can run; NULL: it looks again at once. */
	void (*idle)(void);
	void *context;
};

struct tpm_interface;

struct tpm_device {
	struct tpm_registers registers;
	const struct tpm_interface *interface;
};

/*
 * Finds out which interface answers. Waits up to TIMEOUT_A for a device just out of reset. ERR_TPM_ABSENT: registers
 * read as all ones, never become valid, or name an interface that is neither.
 */
enum err tpm_device_init(struct tpm_device *d, struct tpm_registers registers) MUST_CHECK;

/*
 * One command at a time. ERR_RANGE: a bad length; else what went wrong first, and the command was cancelled. *length
 * bytes are in the response.
 */
struct tpm_transport tpm_device_transport(struct tpm_device *d);

/* The registers in memory, for ring 0 with them mapped at their physical address (mmio.c). now: as above. */
struct tpm_registers tpm_mmio_registers(u64 (*now)(void *context), void *context);

#endif
