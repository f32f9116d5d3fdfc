/*
 * What to do about a stop: one line each, for the person in front of the machine (docs/stops.md says more).
 * Trust: none needed; pure.
 */
#include "secureboot/stop.h"

#include "lib/types.h"

static const struct {
	enum err e;
	const char *text;
} advice[] = {
	{ ERR_TPM_ABSENT, "switch the TPM 2.0 on in the firmware's set-up" },
	{ ERR_TPM_TIMEOUT, "switch the machine off and on; if it stays, the TPM is broken" },
	{ ERR_TPM_BANK, "switch a SHA-256 or SHA-384 PCR bank on in the firmware's set-up" },
	{ ERR_NV_FOREIGN, "find out what changed the TPM before you enrol this machine again" },
	{ ERR_NV_DAMAGED, "find out what changed the TPM before you enrol this machine again" },
	{ ERR_NV_HIDDEN, "switch the TPM's storage hierarchy on in the firmware's set-up" },
	{ ERR_BOOT_NO_SLOT, "write the flash key again: with a whole image, and none below the minimum" },
	{ ERR_BOOT_LOADER, "write the flash key again" },
	{ ERR_BOOT_ANCHOR, "make the EFI binary with `signet boot build`" },
	{ ERR_BOOT_FIRMWARE, "update the firmware of this machine" },
	{ ERR_BOOT_PROCESSOR, "use a 64-bit machine" },
};

const char *stop_advice(enum err e)
{
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		if (advice[i].e == e)
			return advice[i].text;
	}
	return NULL;
}
