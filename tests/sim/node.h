/*
 * The simulated node: flash, TPM NV, a power switch, the boot path, and what its operator and its running system do.
 * Trust: test code. What decides is the product's own code.
 */
#ifndef SIGNET_TESTS_SIM_NODE_H
#define SIGNET_TESTS_SIM_NODE_H

#include "tests/sim/fake_flash.h"
#include "tests/sim/fake_nv.h"
#include "tests/sim/releases.h"
#include "update/plan.h"
#include "update/transfer.h"

/* What this boot came to, as the running system knows it. */
struct boot_report {
	enum err stopped; /* OK: something runs */
	struct boot_choice choice;
	struct nv_view view;
	struct verified_image image;
};

/* What goes wrong on the way from the fleet server. */
enum fetch_fault { FETCH_WELL, FETCH_WRONG, FETCH_BREAKS, FETCH_BREAKS_LATE /* at the last leaf */ };

struct node {
	struct power power;
	enum fetch_fault fetch_fault;
	struct fake_nv nv;
	struct fake_flash flash;
	struct boot_report up;
	bool damaged[SLOTS]; /* by the scenario, not by a cut: the slot need not hold what its record says */
	/* The highest floors this node was ever seen to enforce. */
	u64 image_floor;
	u64 key_floor;
	bool provisioned; /* has been seen to be */
	u32 complaints;
};

/* Off, blank flash, blank NV, policy satisfied. */
void node_init(struct node *n);
/* A node after a cut or reset, power on again; cut_at as in power_on. What was not flushed is gone. */
void node_power(struct node *n, u32 cut_at, enum tear tear);
void node_copy(struct node *to, const struct node *from);

/* Places a release as if it had always been there. */
void node_place(struct node *n, u8 slot, enum release r);
/* Flips a byte of the slot's payload, or destroys its header. */
void node_damage_payload(struct node *n, u8 slot);
void node_damage_header(struct node *n, u8 slot);

/* Boots through the real path and checks what may be checked of every boot (tests/sim/check.h). */
void node_boot(struct node *n);

/* The running system's part; errors as of the code under test. */
enum err node_enrol(struct node *n, const struct boot_state *first) MUST_CHECK;
enum err node_install(struct node *n, u8 slot, enum release r) MUST_CHECK;
/* The same under another head, of the release's own head's length. */
enum err node_install_head(struct node *n, u8 slot, enum release r, const u8 *head) MUST_CHECK;
/* With a mark after each step, so that it can be resumed. What it came to is in *count. */
enum err node_transfer(struct node *n, u8 slot, enum release r, struct transfer_count *count) MUST_CHECK;
enum err node_healthy(struct node *n) MUST_CHECK;
enum err node_commit(struct node *n) MUST_CHECK; /* floors rise to what runs */
enum err node_erase(struct node *n, u8 slot) MUST_CHECK;
/* Begins an installation and gives it up. */
enum err node_begin_only(struct node *n, u8 slot, enum release r) MUST_CHECK;
/* Past every rule: what the controls of the checks do. */
enum err node_write_state(struct node *n, const struct boot_state *next) MUST_CHECK;
void node_write_unordered(struct node *n, u8 slot, enum release r);
/* Takes the view again: the owner has signed a policy for the firmware in force. */
enum err node_reread(struct node *n) MUST_CHECK;

/* Whatever state the node is in: boot, install, confirm, commit, until the release is GOOD and running. */
bool node_bring_to(struct node *n, enum release r);

#endif
