/*
 * The command response buffer interface (PTP, "CRB Interface"): whole commands and responses in a buffer, a start bit.
 * Trust: in the TCB; pure over struct tpm_registers.
 */
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

enum {
	LOC_STATE_ASSIGNED = BIT(1),
	LOC_STATE_ACTIVE_MASK = 7 << 2, /* locality 0 reads as zero here */
	LOC_STATE_GRANTED = ACCESS_VALID | LOC_STATE_ASSIGNED,
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
	/* Size, and address in two halves. */
	REG_COMMAND_BUFFER = 0x58,
	REG_RESPONSE_BUFFER = 0x64,
};

static const struct tpm_wait granted = { REG_ACCESS, LOC_STATE_GRANTED | LOC_STATE_ACTIVE_MASK, LOC_STATE_GRANTED,
	TIMEOUT_A, false },
                             accepted = { REG_CTRL_REQ, CTRL_REQ_READY, 0, TIMEOUT_C, false },
                             ready = { REG_CTRL_STS, CTRL_STS_IDLE, 0, TIMEOUT_C, false },
                             done = { REG_CTRL_START, UINT32_MAX, 0, 0, false },
                             cancelled = { REG_CTRL_START, UINT32_MAX, 0, TIMEOUT_B, false },
                             released = { REG_CTRL_REQ, CTRL_REQ_IDLE, 0, TIMEOUT_C, false };

/*
 * Only buffers in the register page are taken: an address elsewhere would have us write to memory of the device's
 * choosing, and our mapping ends there.
 */
static enum err locate(struct tpm_device *d, u32 buffer, u32 *at, u32 *room)
{
	u64 address = device_read(d, buffer + 4, 4) | (u64)device_read(d, buffer + 8, 4) << 32;
	*room = device_read(d, buffer, 4);
	*at = (u32)(address - TPM_REGISTERS_BASE);
	if (address < TPM_REGISTERS_BASE || !range_inside(address - TPM_REGISTERS_BASE, *room, TPM_REGISTERS_SIZE))
		return ERR_TPM_RESPONSE;
	return OK;
}

static enum err send(struct tpm_device *d, const struct tpm_exchange *x)
{
	u32 at, room, found;
	device_write(d, REG_LOC_CTRL, 4, LOC_CTRL_REQUEST);
	enum err e = device_wait(d, &granted, &found);
	if (e)
		return e;
	device_write(d, REG_CTRL_REQ, 4, CTRL_REQ_READY);
	e = device_wait(d, &accepted, &found);
	if (!e)
		e = device_wait(d, &ready, &found);
	if (!e)
		e = locate(d, REG_COMMAND_BUFFER, &at, &room);
	if (!e && x->command_size > room)
		e = ERR_RANGE;
	for (size_t i = 0; !e && i < x->command_size; i++)
		device_write(d, at + (u32)i, 1, x->command[i]);
	return e;
}

static enum err execute(struct tpm_device *d, const struct tpm_exchange *x)
{
	device_write(d, REG_CTRL_START, 4, 1);
	return device_wait_done(d, &done, x);
}

static enum err cancel(struct tpm_device *d)
{
	u32 found;
	device_write(d, REG_CTRL_CANCEL, 4, 1);
	return device_wait(d, &cancelled, &found);
}

static enum err receive(struct tpm_device *d, struct tpm_exchange *x)
{
	u32 at, room;
	if (device_read(d, REG_CTRL_STS, 4) & CTRL_STS_FATAL)
		return ERR_TPM_RESPONSE;
	enum err e = locate(d, REG_RESPONSE_BUFFER, &at, &room);
	if (e || room < TPM_HEADER_SIZE)
		return ERR_TPM_RESPONSE;
	x->length = TPM_HEADER_SIZE;
	for (size_t i = 0; !e && i < x->length; i++) {
		x->response[i] = (u8)device_read(d, at + (u32)i, 1);
		if (i + 1 == TPM_HEADER_SIZE)
			e = device_expect(x);
		if (!e && x->length > room)
			e = ERR_TPM_RESPONSE;
	}
	return e;
}

static enum err release(struct tpm_device *d)
{
	u32 found;
	device_write(d, REG_CTRL_CANCEL, 4, 0);
	device_write(d, REG_CTRL_REQ, 4, CTRL_REQ_IDLE);
	enum err e = device_wait(d, &released, &found);
	/* A device that will not even be released is left alone. */
	if (!e)
		device_write(d, REG_LOC_CTRL, 4, LOC_CTRL_RELINQUISH);
	return e;
}

const struct tpm_interface tpm_crb = { send, execute, cancel, receive, release };
