/*
 * The command response buffer interface (PTP, "CRB Interface"): whole commands and responses in a buffer, a start bit.
 * Trust: in the TCB; pure over struct tpm_registers.
 */
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

#include <assert.h>

enum {
	REG_LOC_STATE = 0x00,
	LOC_STATE_ASSIGNED = BIT(1),
	LOC_STATE_ACTIVE_MASK = 7 << 2,
	LOC_STATE_VALID = BIT(7),
	REG_LOC_CTRL = 0x08,
	LOC_CTRL_REQUEST = BIT(0),
	LOC_CTRL_RELINQUISH = BIT(1),
	REG_CTRL_REQ = 0x40,
	CTRL_REQ_READY = BIT(0),
	CTRL_REQ_IDLE = BIT(1),
	REG_CTRL_STS = 0x44,
	CTRL_STS_FATAL = BIT(0),
	CTRL_STS_IDLE = BIT(1),
	REG_CTRL_CANCEL = 0x48,
	REG_CTRL_START = 0x4C,
	REG_COMMAND_SIZE = 0x58,
	REG_COMMAND_LOW = 0x5C,
	REG_COMMAND_HIGH = 0x60,
	REG_RESPONSE_SIZE = 0x64,
	REG_RESPONSE_LOW = 0x68,
	REG_RESPONSE_HIGH = 0x6C,
};

static void request_locality(struct tpm_device *d)
{
	device_write32(d, REG_LOC_CTRL, LOC_CTRL_REQUEST);
}

static enum err locality_granted(struct tpm_device *d, bool *over)
{
	u32 state = device_read32(d, REG_LOC_STATE);
	if (state == UINT32_MAX)
		return ERR_TPM_ABSENT;
	/* Active locality 0 reads as zero in its field. */
	u32 looked_at = LOC_STATE_VALID | LOC_STATE_ASSIGNED | LOC_STATE_ACTIVE_MASK;
	*over = (state & looked_at) == (LOC_STATE_VALID | LOC_STATE_ASSIGNED);
	return OK;
}

static void make_ready(struct tpm_device *d)
{
	device_write32(d, REG_CTRL_REQ, CTRL_REQ_READY);
}

static enum err is_ready(struct tpm_device *d, bool *over)
{
	*over = !(device_read32(d, REG_CTRL_REQ) & CTRL_REQ_READY) && !(device_read32(d, REG_CTRL_STS) & CTRL_STS_IDLE);
	return OK;
}

/*
 * Only buffers in the register page are taken: an address elsewhere would have us write to memory of the device's
 * choosing, and our mapping ends there.
 */
static enum err locate(struct tpm_device *d, u32 low_register, u32 size_register, u32 *at, u32 *room)
{
	u64 address = device_read32(d, low_register) | (u64)device_read32(d, low_register + 4) << 32;
	u32 size = device_read32(d, size_register);
	if (address < TPM_REGISTERS_BASE || !range_inside(address - TPM_REGISTERS_BASE, size, TPM_REGISTERS_SIZE))
		return ERR_TPM_RESPONSE;
	*at = (u32)(address - TPM_REGISTERS_BASE);
	*room = size;
	return OK;
}

static enum err locate_buffers(struct tpm_device *d)
{
	static_assert(REG_COMMAND_HIGH == REG_COMMAND_LOW + 4 && REG_RESPONSE_HIGH == REG_RESPONSE_LOW + 4,
	        "locate reads both halves");
	enum err e = locate(d, REG_COMMAND_LOW, REG_COMMAND_SIZE, &d->command_at, &d->command_room);
	if (e)
		return e;
	return locate(d, REG_RESPONSE_LOW, REG_RESPONSE_SIZE, &d->response_at, &d->response_room);
}

static enum err send(struct tpm_device *d, bool *over)
{
	enum err e = locate_buffers(d);
	if (e)
		return e;
	if (d->command_size > d->command_room)
		return ERR_RANGE;
	for (size_t i = 0; i < d->command_size; i++)
		device_write8(d, d->command_at + (u32)i, d->command[i]);
	*over = true;
	return OK;
}

static void start(struct tpm_device *d)
{
	device_write32(d, REG_CTRL_START, 1);
}

static enum err executed(struct tpm_device *d, bool *over)
{
	u32 value = device_read32(d, REG_CTRL_START);
	if (value == UINT32_MAX)
		return ERR_TPM_ABSENT;
	*over = value == 0;
	return OK;
}

static void receive_up_to(struct tpm_device *d, size_t end)
{
	for (size_t i = d->moved; i < end; i++)
		d->response[i] = device_read8(d, d->response_at + (u32)i);
	d->moved = end;
}

static enum err receive(struct tpm_device *d, bool *over)
{
	if (device_read32(d, REG_CTRL_STS) & CTRL_STS_FATAL)
		return ERR_TPM_RESPONSE;
	if (d->response_room < TPM_HEADER_SIZE)
		return ERR_TPM_RESPONSE;
	receive_up_to(d, TPM_HEADER_SIZE);
	enum err e = device_expect_response(d);
	if (e)
		return e;
	if (d->expected > d->response_room)
		return ERR_TPM_RESPONSE;
	receive_up_to(d, d->expected);
	*over = true;
	return OK;
}

static void cancel(struct tpm_device *d)
{
	device_write32(d, REG_CTRL_CANCEL, 1);
}

static void release(struct tpm_device *d)
{
	device_write32(d, REG_CTRL_CANCEL, 0);
	device_write32(d, REG_CTRL_REQ, CTRL_REQ_IDLE);
}

static enum err released(struct tpm_device *d, bool *over)
{
	*over = !(device_read32(d, REG_CTRL_REQ) & CTRL_REQ_IDLE);
	if (*over)
		device_write32(d, REG_LOC_CTRL, LOC_CTRL_RELINQUISH);
	return OK;
}

const struct tpm_interface tpm_crb = {
	.name = "crb",
	.step = {
		[PHASE_LOCALITY] = { request_locality, locality_granted, TIMEOUT_A },
		[PHASE_READY] = { make_ready, is_ready, TIMEOUT_C },
		[PHASE_SEND] = { NULL, send, TIMEOUT_C },
		[PHASE_EXECUTE] = { start, executed, 0 },
		[PHASE_RECEIVE] = { NULL, receive, TIMEOUT_C },
		[PHASE_CANCEL] = { cancel, executed, TIMEOUT_B },
		[PHASE_RELEASE] = { release, released, TIMEOUT_C },
	},
};
