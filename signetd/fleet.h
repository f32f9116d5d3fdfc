/*
 * What the fleet's part of the server keeps in memory, and what its files share. All of it can be lost: what must last
 * is in storage, and what a node has to be told follows from there. Trust: holds what is fresh and who is connected.
 */
#ifndef SIGNET_SIGNETD_FLEET_H
#define SIGNET_SIGNETD_FLEET_H

#include "signetd/call.h"
#include "signetd/decide.h"
#include "signetd/ek.h"
#include "signetd/nonces.h"
#include "signetd/server.h"
#include "signetd/storage_baselines.h"
#include "signetd/storage_images.h"

enum {
	LIVE_KEYS_MAX = 4, /* TLS keys of one node that are its own at once: an agent's restart makes a new one */
	NODES_MAX = 65536,
	REFERENCES_MAX = 16,
	REPORT_MAX = 16384,
};

/* What is known of a node only as long as the server runs. */
struct live_node {
	u8 id[ATTEST_ID_SIZE];
	u8 keys[LIVE_KEYS_MAX][SHA256_SIZE];
	u32 key_count, next_key;
	u8 network[16]; /* whence it came to wait for an approver; zeros: not in this run */
	struct call *poll; /* waits for commands */
	bool intents_due; /* its record was changed: look what it has to be told */
	bool seen, told_offline;
	u64 told_otherwise; /* milliseconds: when the audit log was last told of another AK; 0: never */
	u64 seen_at; /* milliseconds */
	u64 seen_wall; /* Unix seconds */
	u64 provision_order, authority_order; /* under way; 0: none */
	u64 intents_after; /* fleet_now(): nothing of the two is ordered before, since one failed */
	u32 autostart_open; /* orders under way */
	bool autostart_missed; /* some could not be given, or were not answered: this session's are not done */
	u64 update, update_order, cancel_order; /* signetd/updates.c: whose share is under way, and its orders */
	u64 progress_stored; /* milliseconds */
	char *report; /* JSON; NULL: none */
	/* Evidence that could not be this node's, shown in its name. */
	u64 refused;
	enum verdict refused_verdict;
	/* Launch measurements that its last ticket of this run allows. */
	u8 allowed[TICKET_GUESTS_MAX][SHA384_SIZE];
	u32 allowed_count;
};

struct cached_reference {
	u8 head[SHA384_SIZE]; /* digest of the head's bytes */
	struct reference reference;
	u64 used;
};

struct challenges;
struct orders;

struct fleet_state {
	struct nonces *nonces;
	struct ek_authorities *authorities;
	bool has_anchor;
	struct anchor anchor;
	struct live_node **nodes; /* in the order of their ids */
	size_t node_count;
	struct cached_reference *references[REFERENCES_MAX];
	u64 uses;
	struct challenges *challenges;
	struct orders *orders;
};

extern const struct part fleet_part;

/* For who asks before a start: what the configuration names can be read. s has folder and config alone. */
enum err fleet_check(struct server *s) MUST_CHECK;

u64 fleet_now(const struct server *s); /* milliseconds that never go back */
u64 fleet_wall(const struct server *s); /* Unix seconds */

/* Live nodes: fleet_live.c. Made when it is not there; NULL without memory, or with too many. */
struct live_node *live_node(struct server *s, const u8 id[ATTEST_ID_SIZE]);
struct live_node *live_find(const struct server *s, const u8 id[ATTEST_ID_SIZE]);
/* The node whose own this connection is, or NULL. */
struct live_node *live_of_key(const struct server *s, const struct caller *who);
bool live_owns(const struct live_node *n, const struct caller *who);
void live_add_key(struct live_node *n, const u8 key[SHA256_SIZE]);
void live_forget(struct server *s, const u8 id[ATTEST_ID_SIZE]);
/*
 * What follows from its record is told to the node by the next tick, once all of this request is stored: a TPM's
 * authorizations must not be on their way before they are in escrow.
 */
void live_tell_later(struct server *s, const u8 id[ATTEST_ID_SIZE]);
void live_touch(struct server *s, struct live_node *n);
/* It waits for commands, or was heard of a moment ago. */
bool live_is_online(const struct server *s, const struct live_node *n);
void live_free(struct server *s);

/*
 * The reference that a signed head leads to, verified once and kept. NULL: does not verify, or no anchor is configured.
 * Not to be kept across loop turns.
 */
const struct reference *fleet_reference(struct server *s, const u8 *head, size_t n);

/* What a class may do; the strictest where nothing is configured. relaxed, if not NULL: anything is allowed. */
void fleet_policy(const struct config *c, const char *hardware_class, struct appraisal_policy *out, bool *relaxed);

/* Hexadecimal id in the call's first parameter. Answers 404 itself. */
bool fleet_node_of(struct call *c, struct node_entry *out);
bool fleet_id_of(struct call *c, const char *text, u8 id[ATTEST_ID_SIZE]);

yyjson_mut_doc *fleet_object(yyjson_mut_val **root);

#endif
