/*
 * What an appraisal does to a node's record: the one place where a failure sticks, minimums rise, and a ticket is
 * granted or not (docs/signetd.md). Trust: decides for the fleet. Pure.
 */
#ifndef SIGNET_SIGNETD_DECIDE_H
#define SIGNET_SIGNETD_DECIDE_H

#include "attest/appraise.h"
#include "attest/verdict.h"
#include "signetd/storage_guests.h"
#include "signetd/storage_nodes.h"

struct decision {
	bool authentic; /* of this node, for this nonce, over this connection; otherwise nothing changes */
	bool ticket;
	bool commit; /* the boot is a trial that waits for its verdict */
	const char *state; /* for the answer: "pending", "good", "failed", "held" */
};

/* What is known of the evidence beside the appraisal. */
struct decide_facts {
	const struct appraisal *appraisal;
	const struct reference *reference; /* NULL: the image does not verify */
	const u8 *pcr7; /* as quoted */
	u64 now; /* Unix seconds */
};

/* The record as the appraisal has to see it. view points into n. */
void decide_view(const struct node_entry *n, struct node_record *view);

/* Changes n, which the caller stores before anything is answered. */
void decide(struct node_entry *n, const struct decide_facts *f, struct decision *out);

/* Evidence that got past the step claim. */
bool verdict_is_authentic(enum verdict v);

/* All but the firmware was found good. */
bool verdict_is_of_firmware(enum verdict v);

/* "pending", "enrolled", "good", "failed", "held" */
const char *node_state_words(const struct node_entry *n);

/* An approver lets a failed node be appraised as new. What may only rise, stays. */
void node_clear(struct node_entry *n);

/* Limits of tickets, as configured. */
struct ticket_terms {
	enum ticket_rule rule;
	u64 lease; /* seconds */
	u32 guests, vcpus;
	u64 memory;
};

/*
 * The next ticket of this node: allows these guests and no other. n's sequence rises. ERR_RANGE: more guests than a
 * ticket holds.
 */
enum err decide_ticket(struct node_entry *n, const struct claim *c, const struct ticket_terms *terms,
        const u8 (*guests)[SHA384_SIZE], size_t count, struct ticket *out) MUST_CHECK;

/* The commit verdict for this boot. */
void decide_commit(
        const struct node_entry *n, const struct appraisal *a, const struct reference *r, struct commit_verdict *out);

#endif
