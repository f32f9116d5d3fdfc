/*
 * Root mode's TPM.
 * Trust: in the TCB; hardware access.
 */
#include "hv/node/tpm.h"

#include "hv/sched/worker.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/tpm/device.h"

static struct tpm_device device;
static struct tpm tpm;

static u64 now(void *context)
{
	(void)context;
	return read_time_stamp() / clock_ticks(1);
}

enum err node_tpm_start(void)
{
	struct tpm_registers registers = tpm_mmio_registers(now, NULL);

	registers.idle = worker_yield;
	tpm_init(&tpm, tpm_device_transport(&device));
	return tpm_device_init(&device, registers);
}

struct tpm *node_tpm(void)
{
	return &tpm;
}
