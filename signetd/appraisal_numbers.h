/*
 * A number of a node's appraisals never means two: who approves the events of appraisal 3 approves those that he saw,
 * also when the node was removed since, or dropped, and came again with others.
 * Trust: decides; numbers are the server's own.
 */
#ifndef SIGNET_SIGNETD_APPRAISAL_NUMBERS_H
#define SIGNET_SIGNETD_APPRAISAL_NUMBERS_H

#include "signetd/storage_nodes.h"

/* Removes a node, and what there is of it; one that comes again is numbered on. Errors as node_ops.remove. */
enum err appraisal_numbers_leave(struct storage *s, const u8 node[ATTEST_ID_SIZE]) MUST_CHECK;

/* The number after which those of a node that is not known begin: no node that left had a higher one. */
enum err appraisal_numbers_begin(struct storage *s, u64 *last) MUST_CHECK;

#endif
