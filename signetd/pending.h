/*
 * Who may wait for an approver. Anybody can make TPMs of software, as many as he likes, and get as far as pending with
 * each: they must not take the places of machines whose TPM a maker certifies, nor keep everybody else's for ever.
 * Trust: everything about an applicant comes from outside, but for its EK certificate's judgement and its address.
 */
#ifndef SIGNET_SIGNETD_PENDING_H
#define SIGNET_SIGNETD_PENDING_H

#include "signetd/fleet.h"

/*
 * A place for a node that is not known yet. Certified ones have places of their own, which nobody loses. Of the others
 * an address has so many, and when all are taken, the one that waits longest among those that are away makes place.
 * ERR_RANGE: there is none. ERR_STORAGE, ERR_NO_MEMORY.
 */
enum err pending_admit(struct server *s, const struct node_entry *applicant, const struct caller *who) MUST_CHECK;

/* It waits now, and came from there. */
void pending_came(struct server *s, const struct node_entry *n, const struct caller *who);

#endif
