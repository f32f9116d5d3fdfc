/*
 * The Bochs plugin `tpm`: TPM registers at FED40000h, swtpm behind them. Environment: BOCHS_TPM, the path of swtpm's
 * control socket. A hardware reset of the machine is one of the TPM. When swtpm goes away, so does the TPM: all ones.
 * Test bed only.
 */
#include "tools/bochs-plugins/bochs.h"
#include "tools/bochs-plugins/tpm/swtpm_link.h"
#include "tools/bochs-plugins/tpm/tis.h"

#include <stdio.h>
#include <stdlib.h>

/* What Bochs calls, by its name. */
int libtpm_plugin_entry(void *plugin, u16 type, u8 mode);

static struct bochs_device device;
static struct swtpm_link swtpm;
static struct tis tis;

static bool read_registers(u64 address, unsigned length, void *data, void *context)
{
	(void)context;
	u8 *bytes = data;
	u32 offset = (u32)(address - TIS_BASE);
	for (unsigned i = 0; i < length; i++)
		bytes[i] = tis_read(&tis, offset + i);
	return true;
}

static bool write_registers(u64 address, unsigned length, void *data, void *context)
{
	(void)context;
	const u8 *bytes = data;
	u32 offset = (u32)(address - TIS_BASE);
	for (unsigned i = 0; i < length; i++)
		tis_write(&tis, offset + i, bytes[i]);
	return true;
}

static void init(struct bochs_device *d)
{
	(void)d;
	u64 last = (u64)TIS_BASE + TIS_SIZE - 1;
	if (bochs_register_memory(NULL, read_registers, write_registers, NULL, TIS_BASE, last))
		return;
	fputs("tpm: something else has the addresses of a TPM\n", stderr);
	exit(1);
}

/* Bochs calls it for power-on too. */
static void reset(struct bochs_device *d, unsigned type)
{
	(void)d;
	if (type != BOCHS_RESET_HARDWARE)
		return;
	if (!swtpm_link_reset(&swtpm))
		fputs("tpm: swtpm does not answer: the machine has no TPM any more\n", stderr);
	tis_reset(&tis, swtpm_link_backend(&swtpm));
}

static int start(void *plugin, u16 type)
{
	const char *path = getenv("BOCHS_TPM");
	if (!path || !swtpm_link_open(&swtpm, path)) {
		fprintf(stderr, "tpm: no swtpm at the socket named by BOCHS_TPM (%s)\n", path ? path : "not set");
		return -1;
	}
	bochs_device_register(&device, init, reset, plugin, type, "tpm");
	return 0;
}

static void stop(void)
{
	bochs_log_destroy(&device);
	swtpm_link_close(&swtpm);
}

int libtpm_plugin_entry(void *plugin, u16 type, u8 mode)
{
	switch (mode) {
	case PLUGIN_PROBE:
		return PLUGIN_TYPE_OPTIONAL;
	case PLUGIN_INIT:
		return start(plugin, type);
	case PLUGIN_FINI:
		stop();
		return 0;
	default: /* FLAGS: not a PCI device */
		return 0;
	}
}
