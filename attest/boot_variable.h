/*
 * Boot variables among the events of PCR1: what changes with every entry of the boot menu, and says nothing of the
 * firmware.
 * Trust: decides for the verifier what it need not judge; pure. The event's type and data are outside bytes that no PCR
 * covers: only its digest is what the firmware measured.
 */
#ifndef SIGNET_ATTEST_BOOT_VARIABLE_H
#define SIGNET_ATTEST_BOOT_VARIABLE_H

#include "attest/log.h"

/* What was found so far in one log; zeros at its start. */
struct boot_variables {
	bool ordered; /* BootOrder came */
};

/*
 * True for an event that is a measurement of BootOrder, once in a log, or of one Boot####: named so in UEFI's own name
 * space, well formed as such a variable, and with the digest of these very bytes (TCG PC Client Platform Firmware
 * Profile, EV_EFI_VARIABLE_BOOT and EV_EFI_VARIABLE_BOOT2). Anything else that calls itself a boot variable is an event
 * like others.
 */
bool boot_variable_take(struct boot_variables *b, const struct log_format *format, const struct log_event *e);

#endif
