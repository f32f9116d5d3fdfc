/*
 * The audit log's entries, as they are chained (signetd/audit_chain.h). Append only: there is no operation to change
 * one. Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_AUDIT_H
#define SIGNET_SIGNETD_STORAGE_AUDIT_H

#include "lib/crypto/crypto.h"
#include "signetd/storage.h"

enum { AUDIT_CONTENT_MAX = 2048 };

struct audit_record {
	u64 number; /* from 1, without gaps */
	u8 hash[SHA384_SIZE];
	size_t length;
	char content[AUDIT_CONTENT_MAX + 1]; /* JSON, and a NUL that length does not count */
};

struct audit_ops {
	/* ERR_STORAGE_EXISTS when the number is taken. */
	enum err (*append)(struct storage *s, const struct audit_record *r) MUST_CHECK;
	/* The newest; ERR_STORAGE_ABSENT when there is none. */
	enum err (*last)(struct storage *s, struct audit_record *out) MUST_CHECK;
	/* Those above after, ascending, at most limit; visit stops with anything but OK, which is then returned. */
	enum err (*read)(struct storage *s, u64 after, u64 limit,
	        enum err (*visit)(void *context, const struct audit_record *r), void *context) MUST_CHECK;
};

#endif
