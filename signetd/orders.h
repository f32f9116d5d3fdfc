/*
 * Commands to nodes: given here, fetched by the node's long poll, answered by it (docs/fleet-api.md). Given again until
 * the node has it; the node carries one out once for its id. Ids never come twice, through restarts too.
 * Trust: answers come from nodes, which may say anything of themselves and nothing of others.
 */
#ifndef SIGNET_SIGNETD_ORDERS_H
#define SIGNET_SIGNETD_ORDERS_H

#include "signetd/fleet.h"

enum { ORDER_KIND_SIZE = 24, ORDERS_MAX = 4096, ORDER_WAIT_MILLISECONDS = 60000, POLL_MILLISECONDS = 50000 };

/* answer: the node's "value" when ok, its "error" otherwise; NULL: it will not come any more. */
typedef void order_done(struct server *s, void *context, bool ok, yyjson_val *answer);

enum err orders_open(struct server *s) MUST_CHECK;
void orders_close(struct server *s);
/* Drops what nobody waits for any more. */
void orders_tick(struct server *s);

/*
 * Takes arguments, whose root is an object, also on failure; NULL: none. The order is dropped after so many
 * milliseconds, done being told, unless it was answered. *id is set before anything is sent. ERR_RANGE: too many;
 * ERR_NO_MEMORY.
 */
enum err order_give(struct server *s, const u8 node[ATTEST_ID_SIZE], const char *kind, yyjson_mut_doc *arguments,
        u64 milliseconds, order_done *done, void *context, u64 *id) MUST_CHECK;

/* How many more there is room for. */
size_t orders_room(const struct server *s);

/* An id for order_give_as(): what has to last is stored with it before anything is sent. Errors as order_give(). */
enum err order_reserve(struct server *s, u64 *id) MUST_CHECK;
/* order_give() under an id that was reserved, perhaps before a restart: a node that has it, goes on with it. */
enum err order_give_as(struct server *s, const u8 node[ATTEST_ID_SIZE], u64 id, const char *kind,
        yyjson_mut_doc *arguments, u64 milliseconds, order_done *done, void *context) MUST_CHECK;
/* It is not to be given any more, whether it was sent or not; done is not told. */
void order_drop(struct server *s, u64 id);

/* Nobody waits for it any more; one that was not sent yet, never is. */
void order_abandon(struct server *s, u64 id);

/* An answer of this node; unknown ids are passed over: it was answered before, or nobody waits. */
void order_answered(struct server *s, const u8 node[ATTEST_ID_SIZE], u64 id, bool ok, yyjson_val *answer);

/*
 * Answers a node's poll with what there is for it, or parks it. running: the ids that the node says it has; any other
 * is given again, so that nothing depends on one answer arriving.
 */
void orders_poll(struct call *c, struct live_node *n, yyjson_val *running);
/* The node is forgotten: the poll is answered with nothing, every order of it is dropped. */
void orders_release_poll(struct live_node *n);
void orders_forget(struct server *s, const u8 node[ATTEST_ID_SIZE]);

/*
 * An operator's call that a node answers: gives the order and parks c. 409 node-offline, 504 node-silent; the node's
 * error becomes 409 with its code. then: makes the answer of the node's value; NULL: the value itself, or {} when there
 * is none. Takes arguments. kind: a constant.
 */
void order_for_call(struct call *c, const u8 node[ATTEST_ID_SIZE], const char *kind, yyjson_mut_doc *arguments,
        void (*then)(struct call *c, yyjson_val *value));

/* Arguments of guest-run: the definition, and the measurement that follows from it. */
yyjson_mut_doc *guest_run_arguments(const struct guest_entry *g);

#endif
