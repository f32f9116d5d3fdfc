/*
 * The chain of the audit log: the hash of an entry is SHA-384 over "signet audit 1" (zero-padded to 16 bytes), the hash
 * of the entry before (zeros before the first), the number, the length of the content, all little-endian u64, and the
 * content. Trust: pure. A chain shows that something was changed inside it; that its newest entries were cut off shows
 * only to who has seen a later hash, so the server says the newest in its log and in GET /v1/status.
 */
#ifndef SIGNET_SIGNETD_AUDIT_CHAIN_H
#define SIGNET_SIGNETD_AUDIT_CHAIN_H

#include "signetd/storage_audit.h"

void audit_hash(const u8 previous[SHA384_SIZE], u64 number, const char *content, size_t length, u8 hash[SHA384_SIZE]);

/* Walks entries in order. */
struct audit_walk {
	u64 number;
	u8 hash[SHA384_SIZE];
	u64 broken; /* the first entry that does not fit; 0: none */
};

/* Follows one entry, whatever it is: what comes after a break is held to its own past. */
void audit_follow(struct audit_walk *w, const struct audit_record *r);

#endif
