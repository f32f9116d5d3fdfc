/*
 * Carries one command after the other through a TPM's registers.
 * Trust: in the TCB; pure over struct tpm_registers. Registers are outside bytes.
 */
#include "lib/tpm/device.h"

#include "lib/bytes.h"
#include "lib/tpm/interface.h"
#include "lib/tpm/types.h"

enum { REG_INTERFACE_ID = 0x30, INTERFACE_TYPE_MASK = 0xF };

/* PTP, TPM_INTERFACE_ID.InterfaceType; the last is a TIS 1.3 device, which has no such register. */
enum interface_type { TYPE_FIFO = 0, TYPE_CRB = 1, TYPE_TIS13 = 0xF };

enum {
	/* EDK II's PTP_TIMEOUT_MAX: some commands make keys or run every self-test. */
	DURATION_MAX = 90 * 1000 * 1000,
	/* The longest that Linux grants to a command that does neither (TPM2_DURATION_LONG), ten times over. */
	DURATION_DEFAULT = 20 * 1000 * 1000,
};

u32 device_read(struct tpm_device *d, u32 offset, u32 width)
{
	return d->registers.access(d->registers.context, offset, width, NULL);
}

void device_write(struct tpm_device *d, u32 offset, u32 width, u32 value)
{
	(void)d->registers.access(d->registers.context, offset, width, &value);
}

static u64 now(const struct tpm_device *d)
{
	return d->registers.now(d->registers.context);
}

static void idle(const struct tpm_device *d)
{
	if (d->registers.idle)
		d->registers.idle();
}

enum err device_wait(struct tpm_device *d, const struct tpm_wait *w, u32 *found)
{
	u32 width = w->reg == REG_ACCESS ? 1 : 4, nothing = UINT32_MAX >> (32 - 8 * width);
	for (u64 start = now(d);; idle(d)) {
		/* The time is taken before looking: who was held up must not take his own pause for the device's. */
		bool late = now(d) - start > w->limit;
		*found = device_read(d, w->reg, width);
		if (*found == nothing)
			return ERR_TPM_ABSENT;
		if (((*found & w->mask) == w->value) != w->differs)
			return OK;
		if (late)
			return ERR_TPM_TIMEOUT;
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
	static const struct tpm_wait valid = { REG_ACCESS, ACCESS_VALID, ACCESS_VALID, TIMEOUT_A, false };
	u32 found;
	*d = (struct tpm_device){ .registers = registers };
	if (device_wait(d, &valid, &found))
		return ERR_TPM_ABSENT;
	d->interface = interface_of(device_read(d, REG_INTERFACE_ID, 4));
	return d->interface ? OK : ERR_TPM_ABSENT;
}

static u32 duration_of(u32 command_code)
{
	static const u32 long_commands[] = { TPM_CC_CreatePrimary, TPM_CC_SelfTest, TPM_CC_Startup };
	for (size_t i = 0; i < ARRAY_SIZE(long_commands); i++)
		if (long_commands[i] == command_code)
			return DURATION_MAX;
	return DURATION_DEFAULT;
}

enum err device_wait_done(struct tpm_device *d, const struct tpm_wait *w, const struct tpm_exchange *x)
{
	struct tpm_wait own = *w;
	u32 found;
	own.limit = duration_of(load_be32(x->command + 6));
	return device_wait(d, &own, &found);
}

enum err device_expect(struct tpm_exchange *x)
{
	if (bytes_are_ones(x->response, TPM_HEADER_SIZE) || bytes_are_zero(x->response, TPM_HEADER_SIZE))
		return ERR_TPM_ABSENT;
	x->length = load_be32(x->response + 2);
	return x->length >= TPM_HEADER_SIZE && x->length <= x->room ? OK : ERR_TPM_RESPONSE;
}

static enum err exchange(struct tpm_device *d, struct tpm_exchange *x)
{
	enum err e = d->interface->send(d, x), cancelled;
	if (e)
		return e;
	e = d->interface->execute(d, x);
	if (!e)
		return d->interface->receive(d, x);
	/* What went wrong first is what is told. */
	cancelled = d->interface->cancel(d);
	(void)cancelled;
	return e;
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	struct tpm_device *d = context;
	struct tpm_exchange x = { command, n, response, room, 0 };
	if (n < TPM_HEADER_SIZE || n > TPM_BUFFER_SIZE || room < TPM_HEADER_SIZE)
		return ERR_RANGE;
	enum err e = exchange(d, &x), released = d->interface->release(d);
	*length = x.length;
	return e ? e : released;
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
