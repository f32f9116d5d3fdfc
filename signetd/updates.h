/*
 * Updates under way: who is given the order, what nodes show and say about it, and what of it is stored.
 * Trust: see update_track.h.
 */
#ifndef SIGNET_SIGNETD_UPDATES_H
#define SIGNET_SIGNETD_UPDATES_H

#include "signetd/fleet.h"
#include "signetd/storage_updates.h"

/* What the fleet knows of a node against an image; force: see storage_updates.h. As update_judge(), or storage's. */
enum err updates_judge(struct server *s, const struct node_entry *n, const struct reference *image, bool under_way,
        bool force) MUST_CHECK;

/* Gives a node what there is for it. */
void updates_intents(struct server *s, struct live_node *l, const struct node_entry *n);

/* Evidence of this node was appraised and stored. */
void updates_attested(struct server *s, struct live_node *l, const struct node_entry *n, const struct appraisal *a);
/* A report came; its form is not checked yet. */
void updates_reported(struct server *s, struct live_node *l, yyjson_val *report);

/* Gives an update up where it has not been tried. *any: there was such a node. */
enum err updates_cancel(struct server *s, u64 update, bool *any) MUST_CHECK;

#endif
