/*
 * The machine's TPM, spoken to directly.
 * Trust: test code only.
 */
#include "tests/payload/device.h"

#include "tests/payload/machine.h"

#include "lib/tpm/device.h"

/* Only limits depend on it, and no processor that we run on is faster: they come out too long rather than too short. */
enum { TICKS_PER_MICROSECOND = 6000 };

static u64 now(void *context)
{
	(void)context;
	return time_stamp() / TICKS_PER_MICROSECOND;
}

enum err tpm_open(struct tpm *tpm)
{
	static struct tpm_device device;
	enum err e = tpm_device_init(&device, tpm_mmio_registers(now, NULL));
	if (e)
		return e;
	tpm_init(tpm, tpm_device_transport(&device));
	return OK;
}
