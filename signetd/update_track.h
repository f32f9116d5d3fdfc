/*
 * How an update fares on a node, by what the node shows and says (docs/signetd.md, "Updates").
 * Trust: only good evidence tells of a commit; for the rest a node's word about itself will do. Pure.
 */
#ifndef SIGNET_SIGNETD_UPDATE_TRACK_H
#define SIGNET_SIGNETD_UPDATE_TRACK_H

#include "attest/appraise.h"
#include "signetd/storage_updates.h"

/* What is seen of a node, and by what. */
enum sight_kind {
	SIGHT_GOOD, /* evidence that was found good: everything holds */
	SIGHT_AUTHENTIC, /* evidence of this node that was not: what runs, and nothing of its slots */
	SIGHT_REPORT, /* its own word */
};

struct update_sight {
	enum sight_kind kind;
	enum verdict verdict; /* SIGHT_AUTHENTIC */
	bool held; /* SIGHT_GOOD: no commit comes until an approver clears the node */
	u8 running[SHA384_SIZE]; /* digest of its manifest */
	u8 session[ATTEST_ID_SIZE]; /* SIGHT_GOOD */
	u64 sequence; /* SIGHT_GOOD */
	struct slot_record slot[SLOTS]; /* but with SIGHT_AUTHENTIC */
};

bool update_has_ended(enum update_state s);
/* As in docs/api.yaml. */
const char *update_state_words(enum update_state s);

/* True: n has changed, and is to be stored. */
bool update_see(struct update_node *n, const struct update_sight *s);

/* What a node says while it carries an update out. */
struct update_progress {
	enum update_state state; /* up to UPDATE_DRAINING */
	u64 done, total, written, fetched, reused;
};
/* True: the state has changed, and is to be stored. */
bool update_advance(struct update_node *n, const struct update_progress *p);

/* The node's answer: staged, and about to start; session: of its boot. */
void update_staged(struct update_node *n, const u8 session[ATTEST_ID_SIZE]);
/* Its answer that it is not. Words are cut. True: it was interrupted, and is to be ordered anew. */
bool update_not_staged(struct update_node *n, const char *code, const char *message);

/* An end with its reason; code may be "". */
void update_end(struct update_node *n, enum update_state state, const char *code, const char *reason);

#endif
