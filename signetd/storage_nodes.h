/*
 * Nodes: one record each, from the activation of its credential on.
 * Trust: see signetd/storage.h. Holds the escrowed authorizations of each node's TPM.
 */
#ifndef SIGNET_SIGNETD_STORAGE_NODES_H
#define SIGNET_SIGNETD_STORAGE_NODES_H

#include "attest/evidence.h"
#include "attest/verdicts.h"
#include "signetd/ek.h"
#include "signetd/storage.h"
#include "update/authority.h"

enum {
	NODE_HOSTNAME_SIZE = 64,
	NODE_CLASS_SIZE = 64,
	NODE_RELEASE_SIZE = 64,
	NODE_AUTH_SIZE = 32,
};

/* What was decided about a node; what its appraisals found is beside it. */
enum node_state { NODE_PENDING = 1, NODE_ENROLLED = 2 };

struct node_entry {
	u8 id[ATTEST_ID_SIZE];
	enum node_state state;
	char hostname[NODE_HOSTNAME_SIZE];
	u64 known_since; /* Unix seconds */
	/* Enrolment */
	size_t ek_size, ak_size, certificate_size, authority_size;
	u8 ek[TPM_PUBLIC_MAX], ak[EVIDENCE_AK_MAX];
	u8 certificate[EK_CERTIFICATE_MAX];
	enum ek_finding ek_finding;
	/* The approver's decision */
	char hardware_class[NODE_CLASS_SIZE];
	u8 policy_key[P256_KEY_SIZE];
	u8 authority[AUTHORITY_SIZE_MAX];
	bool authority_due; /* to be put onto the node's flash */
	u8 owner_auth[NODE_AUTH_SIZE], lockout_auth[NODE_AUTH_SIZE]; /* escrow; made before they are sent */
	u64 first_image_floor, first_key_floor; /* as provisioned */
	bool provisioned; /* the node said it is done */
	/* What may only rise */
	u64 image_floor, key_floor, state_sequence;
	/* Of the last good evidence; seen false: there was none */
	bool seen;
	u8 session[ATTEST_ID_SIZE];
	u64 clock;
	u32 resets, restarts;
	u64 baseline; /* number of the one of its class that it matched; 0: none was asked for */
	u64 baseline_since; /* Unix seconds: of the first good evidence that did, without another in between */
	/* Of the last authentic evidence */
	bool appraised;
	enum verdict verdict;
	u64 appraised_at;
	u64 appraisal; /* its number */
	bool has_pcr7;
	u8 pcr7[SHA256_SIZE];
	char release[NODE_RELEASE_SIZE];
	u64 svn;
	u8 manifest[SHA384_SIZE];
	/* The failure that holds it, until an approver clears it; VERDICT_GOOD: none */
	enum verdict held;
	/* Tickets */
	u8 ticket_session[ATTEST_ID_SIZE];
	u64 ticket_sequence; /* the last one made for that session */
	u64 lease_until; /* Unix seconds; 0: none */
	u8 autostart_session[ATTEST_ID_SIZE]; /* in which its guests were started by themselves */
};

/* One that waits for an approver; no more is read of its record. */
struct waiting_node {
	u8 id[ATTEST_ID_SIZE];
	bool certified; /* by its EK */
};

struct node_ops {
	/* Adds or replaces. */
	enum err (*put)(struct storage *s, const struct node_entry *n) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, const u8 id[ATTEST_ID_SIZE], struct node_entry *out) MUST_CHECK;
	/* In the order of their ids. visit stops with anything but OK, which is then returned. */
	enum err (*read)(struct storage *s, enum err (*visit)(void *context, const struct node_entry *n),
	        void *context) MUST_CHECK;
	/* Pending ones, which were known longest first; by an index alone. visit as above. */
	enum err (*read_waiting)(struct storage *s, enum err (*visit)(void *context, const struct waiting_node *n),
	        void *context) MUST_CHECK;
	/* With all that belongs to it. ERR_STORAGE_ABSENT. */
	enum err (*remove)(struct storage *s, const u8 id[ATTEST_ID_SIZE]) MUST_CHECK;
};

#endif
