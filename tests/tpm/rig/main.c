/*
 * node-rig: one boot of one node, on a host and on a real TPM (swtpm), for those who talk to a node: agent, fleet
 * server, command line. Real are the stage's choice of a slot and what it measures (secureboot/stage.c), the hand-off,
 * what the hypervisor decides, measures, takes and refuses (hv/node), its control port (hv/control), loading, measuring
 * and states of guests (hv/guest), and signet-portd. Played are firmware, the machine, and VMs: a guest that the gate
 * lets through "runs" no instruction. Of the service VM there is nothing: its part is the caller's.
 *
 *   node-rig --swtpm DIR --boot DIR --slot-a FILE [--slot-b FILE] --control PATH --tpm PATH [--authority FILE]
 *            [--firmware-event TEXT] [--revoked TEXT] [--bios]
 *
 *   --swtpm DIR       TPM state (swtpm_setup --tpmstate DIR, or made when missing); the rig runs its own swtpm on it
 *   --boot DIR        what `signet boot build` wrote: anchor.bin, and BOOTX64.EFI for PCR4
 *   --slot-a FILE     signed image in slot A; --slot-b the same. Fleet configuration and all else come from the image
 *   --control PATH    a Unix socket as signet-portd offers it in the service VM (lib/control/wire.h); the rig starts
 *                     build/signet-portd on PATH.raw, which is the port itself: one client at a time
 *   --tpm PATH        the filtered TPM port, a Unix socket, commands and responses as they are, one client at a time.
 *                     For TPM2-TSS: TCTI "cmd:build/tests/rig-tpm PATH"
 *   --authority FILE  write authority as it would stand on flash (docs/format.md)
 *   --firmware-event TEXT  another firmware: the version that it measures into PCR0. PCR7 stays
 *   --revoked TEXT    another list of what Secure Boot refuses (dbx), and so another PCR7
 *   --bios            no firmware that measures, no Secure Boot
 *
 * It says on stderr what the hypervisor would say on its console, and "rig: pcr7 HEX" (SHA-256, the same at every boot:
 * for `signet keys authorize --pcr7`), and "rig: ready" once both sockets are there. To start it again on the same DIR
 * is a reset of the machine: reset counter, boot session and PCRs are new, NV stays. It ends by SIGTERM or SIGINT (0),
 * by CONTROL_POWER or a trial's end (10: restart asked for; 11: power off), and by a stop of the boot chain (12, the
 * line `signet: stop N` tells which).
 * Test code for a host.
 */
#include "hv/boot/panic.h"
#include "hv/node/node.h"
#include "lib/print.h"
#include "lib/tpm/bank.h"
#include "tests/tpm/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "node-rig: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

void need(enum err e, const char *what)
{
	if (e)
		die(what, err_text(e));
}

static const struct {
	const char *name;
	size_t at; /* in struct options */
} words[] = {
	{ "--swtpm", offsetof(struct options, swtpm) },
	{ "--boot", offsetof(struct options, boot) },
	{ "--control", offsetof(struct options, control) },
	{ "--tpm", offsetof(struct options, tpm) },
	{ "--slot-a", offsetof(struct options, image) },
	{ "--slot-b", offsetof(struct options, image) + sizeof(const char *) },
	{ "--authority", offsetof(struct options, authority) },
	{ "--firmware-event", offsetof(struct options, firmware_event) },
	{ "--revoked", offsetof(struct options, revoked) },
};

static bool take_word(struct options *o, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		memcpy((u8 *)o + words[i].at, &value, sizeof(value));
		return true;
	}
	return false;
}

static bool options_take(int count, char **word, struct options *o)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(word[i], "--bios") == 0)
			o->bios = true;
		else if (i + 1 == count || !take_word(o, word[i], word[i + 1]))
			return false;
		else
			i++;
	}
	return o->swtpm && o->boot && o->control && o->tpm && (o->image[SLOT_A] || o->image[SLOT_B]);
}

static void to_stderr(const char *text, size_t n)
{
	(void)fwrite(text, 1, n, stderr);
}

static void tell_pcr7(struct tpm *tpm)
{
	struct tpm_bank_digest value;
	char hex[2 * SHA256_SIZE + 1];

	need(tpm_pcr_read(tpm, TPM_ALG_SHA256, 7, &value), "reading PCR7");
	hex_encode(hex, value.digest, SHA256_SIZE);
	fprintf(stderr, "rig: pcr7 %s\n", hex);
}

int main(int count, char **word)
{
	static struct options o = { .firmware_event = "rig firmware 1" };
	static struct boot_info info;
	static struct swtpm swtpm;

	if (!options_take(count, word, &o)) {
		fputs("usage: node-rig --swtpm DIR --boot DIR --slot-a FILE [--slot-b FILE] --control PATH --tpm PATH\n"
		      "                [--authority FILE] [--firmware-event TEXT] [--revoked TEXT] [--bios]\n",
		        stderr);
		return 2;
	}
	console_set(to_stderr);
	need(swtpm_start(&swtpm, o.swtpm), "starting swtpm");
	machine_start(&swtpm.tpm);
	firmware_measure(&swtpm.tpm, &o);
	tell_pcr7(&swtpm.tpm);
	stage_boot(&swtpm.tpm, &o, &info);
	node_start(&info);
	ports_serve(&o);
}
