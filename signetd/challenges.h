/*
 * Enrolments under way: a credential that was sent, and what the node has to give back.
 * Trust: holds secrets for ten minutes.
 */
#ifndef SIGNET_SIGNETD_CHALLENGES_H
#define SIGNET_SIGNETD_CHALLENGES_H

#include "signetd/credential.h"
#include "signetd/storage_nodes.h"

enum { CHALLENGE_MILLISECONDS = 600000 };

struct challenge {
	bool open;
	u64 made; /* milliseconds */
	u8 secret[CREDENTIAL_SECRET_SIZE];
	u8 tls_key[SHA256_SIZE]; /* of who asked */
	struct node_entry node; /* as it will be stored */
};

struct challenges;

enum err challenges_open(struct challenges **out) MUST_CHECK;
void challenges_close(struct challenges *c);

/* A place for one; the oldest gives way when all are taken, or the same node's before. NULL without memory. */
struct challenge *challenge_new(
        struct challenges *c, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now);
/* The open one of this node, asked for by this key; NULL. */
struct challenge *challenge_find(
        struct challenges *c, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now);
/* Used, right or wrong: it is gone. */
void challenge_end(struct challenge *c);

#endif
