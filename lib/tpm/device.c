/*
 * The state machine that carries one command through a TPM's registers.
 * Trust: in the TCB; pure over struct tpm_registers. Registers are outside bytes.
 */
#include "lib/tpm/device.h"

#include "lib/bytes.h"
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

#include <string.h>

enum {
	/* TPM_ACCESS (FIFO) and TPM_LOC_STATE (CRB) share their place and this bit. */
	REG_ACCESS = 0x00,
	ACCESS_VALID = BIT(7),
	REG_INTERFACE_ID = 0x30,
	INTERFACE_TYPE_MASK = 0xF,
};

/* PTP, TPM_INTERFACE_ID.InterfaceType; the last is a TIS 1.3 device, which has no such register. */
enum interface_type { TYPE_FIFO = 0, TYPE_CRB = 1, TYPE_TIS13 = 0xF };

enum {
	/* EDK II's PTP_TIMEOUT_MAX: some commands make keys or run every self-test. */
	DURATION_MAX = 90 * 1000 * 1000,
	/* The longest that Linux grants to a command that does neither (TPM2_DURATION_LONG), ten times over. */
	DURATION_DEFAULT = 20 * 1000 * 1000,
};

u8 device_read8(struct tpm_device *d, u32 offset)
{
	return d->registers.read8(d->registers.context, offset);
}

u32 device_read32(struct tpm_device *d, u32 offset)
{
	return d->registers.read32(d->registers.context, offset);
}

void device_write8(struct tpm_device *d, u32 offset, u8 value)
{
	d->registers.write8(d->registers.context, offset, value);
}

void device_write32(struct tpm_device *d, u32 offset, u32 value)
{
	d->registers.write32(d->registers.context, offset, value);
}

static u64 now(const struct tpm_device *d)
{
	return d->registers.now(d->registers.context);
}

static enum err wait_valid(struct tpm_device *d)
{
	u64 start = now(d);
	for (;;) {
		bool in_time = now(d) - start <= TIMEOUT_A;
		u8 access = device_read8(d, REG_ACCESS);
		if (access == 0xFF)
			return ERR_TPM_ABSENT;
		if (access & ACCESS_VALID)
			return OK;
		if (!in_time)
			return ERR_TPM_ABSENT;
	}
}

static const struct tpm_interface *interface_of(u32 interface_id)
{
	switch ((enum interface_type)(interface_id & INTERFACE_TYPE_MASK)) {
	case TYPE_FIFO:
	case TYPE_TIS13:
		return &tpm_fifo;
	case TYPE_CRB:
		return &tpm_crb;
	default:
		return NULL;
	}
}

enum err tpm_device_init(struct tpm_device *d, struct tpm_registers registers)
{
	memset(d, 0, sizeof(*d));
	d->registers = registers;
	enum err e = wait_valid(d);
	if (e)
		return e;
	d->interface = interface_of(device_read32(d, REG_INTERFACE_ID));
	return d->interface ? OK : ERR_TPM_ABSENT;
}

const char *tpm_device_interface(const struct tpm_device *d)
{
	return d->interface->name;
}

static u32 duration_of(u32 command_code)
{
	static const u32 long_commands[] = { TPM_CC_CreatePrimary, TPM_CC_SelfTest, TPM_CC_Startup };
	for (size_t i = 0; i < ARRAY_SIZE(long_commands); i++)
		if (long_commands[i] == command_code)
			return DURATION_MAX;
	return DURATION_DEFAULT;
}

static const struct tpm_step *step_of(const struct tpm_device *d)
{
	return &d->interface->step[d->phase];
}

static void enter(struct tpm_device *d, enum tpm_phase phase)
{
	d->phase = phase;
	const struct tpm_step *step = step_of(d);
	d->limit = step->limit ? step->limit : duration_of(load_be32(d->command + 6));
	if (phase <= PHASE_RECEIVE)
		d->moved = 0;
	if (step->enter)
		step->enter(d);
	d->since = now(d);
}

enum err tpm_device_begin(struct tpm_device *d, const u8 *command, size_t n, u8 *response, size_t room)
{
	if (d->progress == TPM_BUSY)
		return ERR_INTERNAL;
	if (n < TPM_HEADER_SIZE || n > TPM_BUFFER_SIZE || room < TPM_HEADER_SIZE)
		return ERR_RANGE;
	d->command = command;
	d->command_size = n;
	d->response = response;
	d->room = room;
	d->error = OK;
	d->progress = TPM_BUSY;
	enter(d, PHASE_LOCALITY);
	return OK;
}

void device_moved(struct tpm_device *d, size_t n)
{
	if (!n)
		return;
	d->moved += n;
	d->since = now(d);
}

enum err device_expect_response(struct tpm_device *d)
{
	if (bytes_are_ones(d->response, TPM_HEADER_SIZE) || bytes_are_zero(d->response, TPM_HEADER_SIZE))
		return ERR_TPM_ABSENT;
	d->expected = load_be32(d->response + 2);
	return d->expected >= TPM_HEADER_SIZE && d->expected <= d->room ? OK : ERR_TPM_RESPONSE;
}

/* What went wrong first is what is told; a device that will not even be released is left alone. */
static void fail(struct tpm_device *d, enum err e)
{
	if (!d->error)
		d->error = e;
	if (d->phase == PHASE_RELEASE)
		d->progress = TPM_FAILED;
	else
		enter(d, d->phase == PHASE_EXECUTE ? PHASE_CANCEL : PHASE_RELEASE);
}

static void advance(struct tpm_device *d)
{
	if (d->phase == PHASE_RELEASE)
		d->progress = d->error ? TPM_FAILED : TPM_DONE;
	else if (d->phase == PHASE_RECEIVE)
		enter(d, PHASE_RELEASE);
	else
		enter(d, d->phase + 1);
}

enum tpm_progress tpm_device_poll(struct tpm_device *d)
{
	if (d->progress != TPM_BUSY)
		return d->progress;
	/* The time is taken before looking: a poller that was held up must not take its own pause for the device's. */
	u64 since = d->since;
	bool late = now(d) - since > d->limit;
	bool over = false;
	enum err e = step_of(d)->poll(d, &over);
	if (e)
		fail(d, e);
	else if (over)
		advance(d);
	else if (late && d->since == since)
		fail(d, ERR_TPM_TIMEOUT);
	return d->progress;
}

static void idle(const struct tpm_device *d)
{
	if (d->registers.idle)
		d->registers.idle();
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	struct tpm_device *d = context;
	enum err e = tpm_device_begin(d, command, n, response, room);
	if (e)
		return e;
	while (tpm_device_poll(d) == TPM_BUSY)
		idle(d);
	*length = d->moved;
	return d->error;
}

static void pause(void *context, u32 milliseconds)
{
	const struct tpm_device *d = context;
	for (u64 start = now(d); now(d) - start < (u64)milliseconds * 1000;)
		idle(d);
}

struct tpm_transport tpm_device_transport(struct tpm_device *d)
{
	return (struct tpm_transport){ .submit = submit, .pause = pause, .context = d };
}
