/*
 * Updates that operators ordered, and how each fares on each of its nodes.
 * Trust: see signetd/storage.h. What nodes said of themselves is their word.
 */
#ifndef SIGNET_SIGNETD_STORAGE_UPDATES_H
#define SIGNET_SIGNETD_STORAGE_UPDATES_H

#include "signetd/call.h"
#include "signetd/storage_nodes.h"

enum { UPDATE_DRAIN_SIZE = 16, UPDATE_REASON_SIZE = 256, UPDATES_KEPT = 200, UPDATE_NODES_MAX = 1024 };

/* In the order of an update's life; the last five are ends. Numbers are stored. */
enum update_state {
	UPDATE_WAITING = 1, /* for the node to take it up */
	UPDATE_WRITING = 2,
	UPDATE_STAGED = 3,
	UPDATE_DRAINING = 4, /* guests end, then the node restarts */
	UPDATE_TRYING = 5,
	UPDATE_UNCONFIRMED = 6,
	UPDATE_COMMITTED = 7,
	UPDATE_REFUSED = 8,
	UPDATE_FAILED = 9,
	UPDATE_FALLEN_BACK = 10,
	UPDATE_CANCELLED = 11,
	UPDATE_STATES,
};

struct update_entry {
	u64 id;
	u8 image[SHA384_SIZE]; /* digest of its manifest */
	char release[NODE_RELEASE_SIZE];
	char drain[UPDATE_DRAIN_SIZE]; /* "now", "when-idle", or seconds in decimal */
	u64 started; /* Unix seconds */
	char by[OPERATOR_NAME_SIZE];
	bool cancelled;
};

struct update_node {
	u64 update;
	u8 node[ATTEST_ID_SIZE];
	u8 image[SHA384_SIZE]; /* the update's */
	enum update_state state;
	bool force; /* ordered although the node fell back from it before */
	u64 order; /* id of the command that the node has or gets; 0: none was given yet */
	bool answered; /* staged there, by the node's answer: it is to start */
	bool cancel_due; /* the node has to be told to give up */
	u64 sequence; /* of the node's boot state when this was ordered: a slot that was bad then, says nothing */
	u8 session[ATTEST_ID_SIZE]; /* the node's boot when it answered */
	u64 done, total; /* bytes of the image */
	u64 written, fetched, reused; /* bytes */
	char code[CODE_SIZE]; /* of an end that is not good */
	char reason[UPDATE_REASON_SIZE];
};

struct update_ops {
	/* Adds it with its nodes' share to be put; id is filled in. The oldest beyond UPDATES_KEPT go, if they ended.
	 */
	enum err (*add)(struct storage *s, struct update_entry *u) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, u64 id, struct update_entry *out) MUST_CHECK;
	enum err (*set_cancelled)(struct storage *s, u64 id) MUST_CHECK;
	/* Newest first. */
	enum err (*read)(struct storage *s, enum err (*visit)(void *context, const struct update_entry *u),
	        void *context) MUST_CHECK;
	/* Adds or replaces. */
	enum err (*put_node)(struct storage *s, const struct update_node *n) MUST_CHECK;
	/* The nodes of one update, in the order of their ids. */
	enum err (*read_nodes)(struct storage *s, u64 update,
	        enum err (*visit)(void *context, const struct update_node *n), void *context) MUST_CHECK;
	/* One node's share of one update. ERR_STORAGE_ABSENT. */
	enum err (*find_node)(
	        struct storage *s, u64 update, const u8 node[ATTEST_ID_SIZE], struct update_node *out) MUST_CHECK;
	/* What of the node has not ended, or has to be told to it: at most one is open. ERR_STORAGE_ABSENT. */
	enum err (*open_of)(struct storage *s, const u8 node[ATTEST_ID_SIZE], struct update_node *out) MUST_CHECK;
	enum err (*cancel_of)(struct storage *s, const u8 node[ATTEST_ID_SIZE], struct update_node *out) MUST_CHECK;
	/* Whether it fell back from this image when it tried it last. */
	enum err (*fell_back)(
	        struct storage *s, const u8 node[ATTEST_ID_SIZE], const u8 image[SHA384_SIZE], bool *out) MUST_CHECK;
};

#endif
