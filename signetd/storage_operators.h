/*
 * Operators' certificates: all that were issued, revoked ones too.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_OPERATORS_H
#define SIGNET_SIGNETD_STORAGE_OPERATORS_H

#include "signetd/call.h"
#include "signetd/storage.h"

struct operator_record {
	char serial[SERIAL_TEXT_SIZE];
	char name[OPERATOR_NAME_SIZE];
	enum role role;
	u64 issued, expires; /* Unix seconds */
	u64 revoked; /* when; 0: not */
	char issuer[OPERATOR_NAME_SIZE]; /* the approver who asked for it */
};

struct operator_ops {
	/* ERR_STORAGE_EXISTS. */
	enum err (*add)(struct storage *s, const struct operator_record *r) MUST_CHECK;
	/* ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, const char *serial, struct operator_record *out) MUST_CHECK;
	/* Keeps the first time. ERR_STORAGE_ABSENT. */
	enum err (*revoke)(struct storage *s, const char *serial, u64 when) MUST_CHECK;
	/* Oldest first. */
	enum err (*read)(struct storage *s, enum err (*visit)(void *context, const struct operator_record *r),
	        void *context) MUST_CHECK;
};

#endif
