/*
 * The FIFO interface (PTP, "FIFO Interface"; TIS 1.3): bytes through one register, as many at a time as the burst count
 * says. Trust: in the TCB; pure over struct tpm_registers.
 */
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

enum {
	REG_ACCESS = 0x00,
	ACCESS_REQUEST_USE = BIT(1),
	ACCESS_ACTIVE = BIT(5),
	ACCESS_VALID = BIT(7),
	REG_STS = 0x18,
	STS_EXPECT = BIT(3),
	STS_DATA_AVAILABLE = BIT(4),
	STS_GO = BIT(5),
	STS_COMMAND_READY = BIT(6),
	STS_VALID = BIT(7),
	STS_BURST_SHIFT = 8,
	STS_BURST_MASK = 0xFFFF,
	REG_DATA_FIFO = 0x24,
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool has(u32 value, u32 bits)
{
	return (value & bits) == bits;
}

/* One read: status and burst count belong together. */
static u32 status(struct tpm_device *d)
{
	return device_read32(d, REG_STS);
}

static size_t burst_of(u32 sts)
{
	return (sts >> STS_BURST_SHIFT) & STS_BURST_MASK;
}

static void request_locality(struct tpm_device *d)
{
	device_write8(d, REG_ACCESS, ACCESS_REQUEST_USE);
}

static enum err locality_granted(struct tpm_device *d, bool *over)
{
	u8 access = device_read8(d, REG_ACCESS);
	if (access == 0xFF)
		return ERR_TPM_ABSENT;
	*over = has(access, ACCESS_ACTIVE | ACCESS_VALID);
	return OK;
}

static void make_ready(struct tpm_device *d)
{
	device_write8(d, REG_STS, STS_COMMAND_READY);
}

static enum err is_ready(struct tpm_device *d, bool *over)
{
	*over = has(status(d), STS_COMMAND_READY);
	return OK;
}

static void send_bytes(struct tpm_device *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		device_write8(d, REG_DATA_FIFO, d->command[d->moved + i]);
	device_moved(d, n);
}

/*
 * The last byte goes alone: before it the TPM must still expect one, after it no more. Otherwise bytes were lost on the
 * way, or its idea of the length is not ours.
 */
static enum err send(struct tpm_device *d, bool *over)
{
	u32 sts = status(d);
	size_t before_last = d->command_size - 1;
	if (d->moved < before_last) {
		send_bytes(d, smaller(burst_of(sts), before_last - d->moved));
		return OK;
	}
	if (!has(sts, STS_VALID))
		return OK;
	if (d->moved == before_last) {
		if (!has(sts, STS_EXPECT))
			return ERR_TPM_RESPONSE;
		send_bytes(d, smaller(burst_of(sts), 1));
		return OK;
	}
	*over = !has(sts, STS_EXPECT);
	return OK;
}

static void go(struct tpm_device *d)
{
	device_write8(d, REG_STS, STS_GO);
}

static enum err executed(struct tpm_device *d, bool *over)
{
	*over = has(status(d), STS_VALID | STS_DATA_AVAILABLE);
	return OK;
}

static void expect_header(struct tpm_device *d)
{
	d->expected = TPM_HEADER_SIZE;
}

static void receive_bytes(struct tpm_device *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d->response[d->moved + i] = device_read8(d, REG_DATA_FIFO);
	device_moved(d, n);
}

/*
 * A response must be exactly as long as its header says. As in sending, the last byte goes alone: before it the TPM
 * must have one more, after it none.
 */
static enum err receive(struct tpm_device *d, bool *over)
{
	u32 sts = status(d);
	if (!has(sts, STS_VALID))
		return OK;
	bool more = has(sts, STS_DATA_AVAILABLE);
	if (more != (d->moved < d->expected))
		return ERR_TPM_RESPONSE;
	if (!more) {
		*over = true;
		return OK;
	}
	size_t left = d->expected - d->moved;
	bool in_header = d->moved < TPM_HEADER_SIZE;
	receive_bytes(d, smaller(burst_of(sts), left > 1 ? left - 1 : 1));
	return in_header && d->moved == TPM_HEADER_SIZE ? device_expect_response(d) : OK;
}

/* commandReady ends whatever is under way and drops what was not read. */
static void release(struct tpm_device *d)
{
	device_write8(d, REG_STS, STS_COMMAND_READY);
	device_write8(d, REG_ACCESS, ACCESS_ACTIVE);
}

static enum err at_once(struct tpm_device *d, bool *over)
{
	(void)d;
	*over = true;
	return OK;
}

const struct tpm_interface tpm_fifo = {
	.name = "tis",
	.step = {
		[PHASE_LOCALITY] = { request_locality, locality_granted, TIMEOUT_A },
		[PHASE_READY] = { make_ready, is_ready, TIMEOUT_B },
		[PHASE_SEND] = { NULL, send, TIMEOUT_A },
		[PHASE_EXECUTE] = { go, executed, 0 },
		[PHASE_RECEIVE] = { expect_header, receive, TIMEOUT_A },
		[PHASE_CANCEL] = { make_ready, is_ready, TIMEOUT_B },
		[PHASE_RELEASE] = { release, at_once, TIMEOUT_A },
	},
};
