/*
 * swtpm behind the registers: its control channel on a Unix socket, and a data channel handed over through it.
 * Test bed only.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_TPM_SWTPM_LINK_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_TPM_SWTPM_LINK_H

#include "tools/bochs-plugins/tpm/tis.h"

struct swtpm_link {
	int control;
	int data;
	u8 locality;
};

/* path: the socket of `swtpm socket --ctrl type=unixio,path=...`. False: nobody there, or not a TPM 2.0 emulator. */
bool swtpm_link_open(struct swtpm_link *link, const char *path);

/* Hardware reset (_TPM_Init): PCRs start over, NV stays. TPM2_Startup is the machine's. */
bool swtpm_link_reset(struct swtpm_link *link);

void swtpm_link_close(struct swtpm_link *link);

struct tis_backend swtpm_link_backend(struct swtpm_link *link);

#endif
