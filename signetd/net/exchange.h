/*
 * One request and its answer, without any socket: what is decided once the head is there, where the body goes, who
 * handles it, and that what must be in the audit log is there before the answer leaves.
 * Trust: requests come from outside.
 */
#ifndef SIGNET_SIGNETD_NET_EXCHANGE_H
#define SIGNET_SIGNETD_NET_EXCHANGE_H

#include "signetd/http/request.h"
#include "signetd/server.h"

/* Bodies in memory of all connections together: more wait outside. */
enum { BODY_MEMORY_MAX = 256 << 20 };

struct exchange {
	struct call call;
	u8 *body;
	size_t body_room;
	u64 body_length; /* so far */
	char target[TARGET_MAX + 1]; /* for the audit log */
	yyjson_doc *json;
	bool settled; /* the answer is final, and in the audit log if it belongs there */
};

struct exchange *exchange_make(struct server *s, const struct call_ops *ops, const struct caller *who);
/* Does not tell a parked handler; exchange_gone does. NULL is fine. */
void exchange_free(struct exchange *x);

/*
 * The head is there; allowed: the peer's rate lets the request in. True: the body is wanted. False: there is an answer,
 * and a body that comes all the same is nobody's.
 */
bool exchange_head(struct exchange *x, const struct request_head *head, enum listener listener, bool allowed);
/* A piece of the body; false: there is an answer, stop. */
bool exchange_body(struct exchange *x, const u8 *bytes, size_t n);
/* The body is there: the handler runs. Afterwards there is an answer, or it is parked. */
void exchange_run(struct exchange *x);
/* The work that the call waited for is done, and stays the caller's. */
void exchange_resume(struct exchange *x, struct work *w);
/* The parked one's time is over. */
void exchange_time(struct exchange *x);
/* An answer to what is no request. */
void exchange_refuse(struct exchange *x, const struct refusal *why);
/* Once there is an answer, before it is sent. */
void exchange_settle(struct exchange *x);
/* The connection died. */
void exchange_gone(struct exchange *x);

#endif
