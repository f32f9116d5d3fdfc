/*
 * What the files of the rig share (main.c tells what it is).
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_RIG_RIG_H
#define SIGNET_TESTS_TPM_RIG_RIG_H

#include "hv/boot/handoff.h"
#include "hv/vm/vm.h"
#include "tests/tpm/swtpm.h"

struct options {
	const char *swtpm, *boot, *control, *tpm;
	const char *image[SLOTS]; /* in each slot, NULL: nothing */
	const char *authority; /* as on flash, NULL: none */
	const char *firmware_event; /* what firmware says of itself in PCR0 */
	const char *revoked; /* what stands in dbx, which is in PCR7; NULL: as ever */
	bool bios;
};

/* Ends the rig, with words. */
_Noreturn void die(const char *what, const char *why);
void need(enum err e, const char *what);

/* firmware.c: PCR0-7 and the beginning of the log, as of UEFI; of BIOS, an empty log. Then what the stage extends. */
void firmware_measure(struct tpm *tpm, const struct options *o);
enum err firmware_extend(u32 pcr, const struct event *event);
void firmware_log(const u8 **bytes, size_t *length);

/* stage.c: the stage itself, over files; what it hands off, as the hypervisor reads it. */
void stage_boot(struct tpm *tpm, const struct options *o, struct boot_info *info);
/* From the memory that the hand-off calls the stage's: page-aligned, zeroed, never given back. */
u8 *stage_memory(u64 length);
/* A whole file, of at most that many bytes. */
struct blob stage_file(const char *path, size_t most);

/* machine.c */
void machine_start(struct tpm *tpm);
/* Jobs, then alarms whose time has come. */
void machine_turn(void);
/* Until the next alarm, at most so many. */
int machine_milliseconds(int most);

/* guests.c: VMs that run nothing. */
void guests_turn(void);

/* ports.c: serves both ports until a signal comes, or the machine is to end. */
_Noreturn void ports_serve(const struct options *o);

enum { EXIT_REBOOT = 10, EXIT_POWER_OFF = 11, EXIT_STOPPED = 12 };

#endif
