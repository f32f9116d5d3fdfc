/*
 * A TPM behind registers (TCG PC Client Platform TPM Profile, "PTP"): one polled state machine for both interfaces,
 * FIFO (TIS) and CRB, at locality 0. It never waits by itself, so that a hypervisor can poll it between other work.
 * Trust: in the TCB; pure over struct tpm_registers. Everything the device says is checked.
 */
#ifndef SIGNET_LIB_TPM_DEVICE_H
#define SIGNET_LIB_TPM_DEVICE_H

#include "lib/tpm/tpm.h"

enum { TPM_REGISTERS_BASE = 0xFED40000, TPM_REGISTERS_SIZE = 0x1000 };

/* Offsets count from locality 0's page. */
struct tpm_registers {
	u8 (*read8)(void *context, u32 offset);
	u32 (*read32)(void *context, u32 offset);
	void (*write8)(void *context, u32 offset, u8 value);
	void (*write32)(void *context, u32 offset, u32 value);
	/* Microseconds, from any start, never going back. */
	u64 (*now)(void *context);
	/* Called between looks by the transport, so that others can run; NULL: it looks again at once. */
	void (*idle)(void);
	void *context;
};

enum tpm_progress { TPM_IDLE, TPM_BUSY, TPM_DONE, TPM_FAILED };

/* A command goes through these in order; a failure jumps to CANCEL or RELEASE. */
enum tpm_phase {
	PHASE_LOCALITY,
	PHASE_READY,
	PHASE_SEND,
	PHASE_EXECUTE,
	PHASE_RECEIVE,
	PHASE_CANCEL,
	PHASE_RELEASE,
	PHASES,
};

struct tpm_interface;

struct tpm_device {
	struct tpm_registers registers;
	const struct tpm_interface *interface;
	enum tpm_progress progress;
	enum err error;
	enum tpm_phase phase;
	u64 since; /* when the phase began or last moved */
	u64 limit; /* how long it may stand still, microseconds */
	const u8 *command;
	size_t command_size;
	u8 *response;
	size_t room;
	size_t expected; /* response bytes known to come */
	size_t moved; /* bytes sent or received in this phase */
	u32 command_at, command_room; /* CRB: where the buffers are, from locality 0's page */
	u32 response_at, response_room;
};

/*
 * Finds out which interface answers. Waits up to TIMEOUT_A for a device just out of reset. ERR_TPM_ABSENT: registers
 * read as all ones, never become valid, or name an interface that is neither.
 */
enum err tpm_device_init(struct tpm_device *d, struct tpm_registers registers) MUST_CHECK;

/* "tis" or "crb" */
const char *tpm_device_interface(const struct tpm_device *d);

/* Both buffers are the device's until poll says DONE or FAILED. ERR_INTERNAL: busy; ERR_RANGE: a bad length. */
enum err tpm_device_begin(struct tpm_device *d, const u8 *command, size_t n, u8 *response, size_t room) MUST_CHECK;

/* One bounded step. DONE: d->moved bytes are in response. FAILED: d->error tells why, the command was cancelled. */
enum tpm_progress tpm_device_poll(struct tpm_device *d);

/* Begins and polls until the end: for those who have nothing else to do. */
struct tpm_transport tpm_device_transport(struct tpm_device *d);

#endif
