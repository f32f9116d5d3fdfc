/*
 * Heads of responses.
 * Trust: nothing in them comes from outside but numbers. Pure.
 */
#ifndef SIGNET_SIGNETD_HTTP_RESPONSE_H
#define SIGNET_SIGNETD_HTTP_RESPONSE_H

#include "signetd/call.h"

enum { RESPONSE_HEAD_MAX = 512 };

struct response {
	u32 status;
	const char *type; /* NULL: no body */
	u64 length; /* of what is sent */
	bool is_file;
	bool is_part; /* offset and whole count */
	u64 offset, whole;
	bool keep_alive;
};

/* What an answer becomes, with the range that was asked for; an unsatisfiable one is 416 without a body. */
struct response response_of(const struct answer *a, const struct byte_range *range, bool keep_alive);

/* now: Unix seconds. The number of bytes. */
size_t response_head(const struct response *r, u64 now, char out[RESPONSE_HEAD_MAX]);

extern const char response_continue[];

#endif
