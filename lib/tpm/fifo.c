/*
 * The FIFO interface (PTP, "FIFO Interface"; TIS 1.3): bytes through one register, as many at a time as the burst count
 * says. Trust: in the TCB; pure over struct tpm_registers.
 */
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

enum {
	ACCESS_REQUEST_USE = BIT(1),
	ACCESS_ACTIVE = BIT(5),
	ACCESS_GRANTED = ACCESS_ACTIVE | ACCESS_VALID,
	REG_STS = 0x18, /* status and burst count belong together: one read */
	STS_EXPECT = BIT(3),
	STS_DATA_AVAILABLE = BIT(4),
	STS_GO = BIT(5),
	STS_COMMAND_READY = BIT(6),
	STS_VALID = BIT(7),
	STS_BURST_SHIFT = 8,
	STS_BURST = 0xFFFF << STS_BURST_SHIFT,
	STS_DONE = STS_VALID | STS_DATA_AVAILABLE,
	REG_DATA_FIFO = 0x24,
};

static const struct tpm_wait granted = { REG_ACCESS, ACCESS_GRANTED, ACCESS_GRANTED, TIMEOUT_A, false },
                             ready = { REG_STS, STS_COMMAND_READY, STS_COMMAND_READY, TIMEOUT_B, false },
                             burst = { REG_STS, STS_BURST, 0, TIMEOUT_A, true },
                             valid = { REG_STS, STS_VALID, STS_VALID, TIMEOUT_A, false },
                             sent = { REG_STS, STS_VALID | STS_EXPECT, STS_VALID, TIMEOUT_A, false },
                             done = { REG_STS, STS_DONE, STS_DONE, 0, false };

/* How many bytes may go now, at most n. */
static enum err await_burst(struct tpm_device *d, size_t n, size_t *count)
{
	u32 sts = 0;
	enum err e = device_wait(d, &burst, &sts);
	*count = sts >> STS_BURST_SHIFT & 0xFFFF;
	*count = *count < n ? *count : n;
	return e;
}

static enum err send_bytes(struct tpm_device *d, const u8 *bytes, size_t n)
{
	for (size_t moved = 0, count; moved < n; moved += count) {
		enum err e = await_burst(d, n - moved, &count);
		if (e)
			return e;
		for (size_t i = 0; i < count; i++)
			device_write(d, REG_DATA_FIFO, 1, bytes[moved + i]);
	}
	return OK;
}

static enum err make_ready(struct tpm_device *d)
{
	u32 sts;
	device_write(d, REG_STS, 1, STS_COMMAND_READY);
	return device_wait(d, &ready, &sts);
}

/*
 * The last byte goes alone: before it the TPM must still expect one, after it no more. Otherwise bytes were lost on the
 * way, or its idea of the length is not ours.
 */
static enum err send(struct tpm_device *d, const struct tpm_exchange *x)
{
	size_t before_last = x->command_size - 1;
	u32 sts;
	device_write(d, REG_ACCESS, 1, ACCESS_REQUEST_USE);
	enum err e = device_wait(d, &granted, &sts);
	if (!e)
		e = make_ready(d);
	if (!e)
		e = send_bytes(d, x->command, before_last);
	if (!e)
		e = device_wait(d, &valid, &sts);
	if (!e && !(sts & STS_EXPECT))
		return ERR_TPM_RESPONSE;
	if (!e)
		e = send_bytes(d, x->command + before_last, 1);
	return e ? e : device_wait(d, &sent, &sts);
}

static enum err execute(struct tpm_device *d, const struct tpm_exchange *x)
{
	device_write(d, REG_STS, 1, STS_GO);
	return device_wait_done(d, &done, x);
}

/* There is more to come, or there is not: ERR_TPM_RESPONSE if it is otherwise. */
static enum err expect_more(struct tpm_device *d, bool more)
{
	u32 sts;
	enum err e = device_wait(d, &valid, &sts);
	if (e)
		return e;
	return !(sts & STS_DATA_AVAILABLE) == !more ? OK : ERR_TPM_RESPONSE;
}

/* As in sending, the last byte goes alone: before it the TPM must have one more. */
static enum err receive_bytes(struct tpm_device *d, u8 *to, size_t n)
{
	for (size_t moved = 0, count; moved < n; moved += count) {
		size_t left = n - moved;
		enum err e = expect_more(d, true);
		if (!e)
			e = await_burst(d, left > 1 ? left - 1 : 1, &count);
		if (e)
			return e;
		for (size_t i = 0; i < count; i++)
			to[moved + i] = (u8)device_read(d, REG_DATA_FIFO, 1);
	}
	return OK;
}

/* A response must be exactly as long as its header says. */
static enum err receive(struct tpm_device *d, struct tpm_exchange *x)
{
	enum err e = receive_bytes(d, x->response, TPM_HEADER_SIZE);
	if (!e)
		e = device_expect(x);
	if (!e)
		e = receive_bytes(d, x->response + TPM_HEADER_SIZE, x->length - TPM_HEADER_SIZE);
	return e ? e : expect_more(d, false);
}

/* commandReady ends whatever is under way and drops what was not read. */
static enum err release(struct tpm_device *d)
{
	device_write(d, REG_STS, 1, STS_COMMAND_READY);
	device_write(d, REG_ACCESS, 1, ACCESS_ACTIVE);
	return OK;
}

const struct tpm_interface tpm_fifo = { send, execute, make_ready, receive, release };
