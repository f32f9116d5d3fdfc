/*
 * A node with a TPM, and on it what the hypervisor keeps of a boot (hv/node). The machine round it is played: the
 * worker runs when the test says so, alarms are only noted, guests only counted. Test code for a host: a step that
 * fails ends the test.
 */
#ifndef SIGNET_TESTS_TPM_HV_BED_H
#define SIGNET_TESTS_TPM_HV_BED_H

#include "hv/boot/handoff.h"
#include "hv/node/gate.h"
#include "image/fleet.h"
#include "lib/control/wire.h"
#include "tests/tpm/node.h"

enum { BED_LOG_MAX = 1 << 20 };

extern struct node bed_node;
extern struct boot_info bed_info;
extern struct fleet bed_fleet; /* of the next boot */
extern const u8 bed_guest[SHA384_SIZE];
extern const struct ticket_load bed_load;
extern u64 bed_second; /* TSC ticks of one; a thousand unless the test says otherwise */
extern u64 bed_alarm, bed_lease_alarm; /* when the trial's and the lease's are due */
extern void (*bed_lease_over)(void); /* what the latter calls */
extern u32 bed_enforced; /* times that guests were held to the gate */
extern u8 bed_log[BED_LOG_MAX]; /* as bed_replays() found it */

/* A node, booted: for cmocka. Ungated. */
int bed_open(void **state);
int bed_close(void **state);
/* The next boot. The log is as long as that at the least, by events that extend no PCR. */
void bed_boot(size_t log_length);
void bed_work(void);
/* After so many commands the TPM answers none. */
void bed_break_tpm(u32 commands);
void bed_mend_tpm(void);

enum err bed_ask_gate(void);
/* The log's values of PCR13 and PCR14 are the TPM's; returns how many events the two have. */
u32 bed_replays(void);

struct control_provision bed_order(void);
enum err bed_enrol(const struct control_provision *order);
/* Enrolled, with this image in slot A on trial, and booted so. */
void bed_begin_trial(void);

#endif
