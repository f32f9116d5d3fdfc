/*
 * Root mode's TPM.
 * Trust: in the TCB; hardware access.
 */
#include "hv/node/tpm.h"

#include "hv/sched/worker.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/tpm/device.h"
#include "lib/tpm/mmio.h"

static struct tpm_device device;
static struct tpm tpm;

static u64 now(void *context)
{
	(void)context;
	return read_time_stamp() / clock_ticks(1);
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	enum err e = tpm_device_begin(&device, command, n, response, room);

	(void)context;
	if (e)
		return e;
	while (tpm_device_poll(&device) == TPM_BUSY)
		worker_yield();
	*length = device.moved;
	return device.error;
}

static void wait(void *context, u32 milliseconds)
{
	for (u64 start = now(context); now(context) - start < (u64)milliseconds * 1000;)
		worker_yield();
}

enum err node_tpm_start(void)
{
	tpm_init(&tpm, (struct tpm_transport){ .submit = submit, .pause = wait });
	return tpm_device_init(&device, tpm_mmio_registers(now, NULL));
}

struct tpm *node_tpm(void)
{
	return &tpm;
}

const char *node_tpm_interface(void)
{
	return tpm_device_interface(&device);
}
