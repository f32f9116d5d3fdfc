/*
 * Requests to the fleet server: a connection that is made, kept and made again, at whichever address answers.
 * Trust: runs in the service VM. The server is verified (lib/tls); its answers are bounded and checked field by field.
 */
#ifndef SIGNET_AGENT_AGENTD_LINK_H
#define SIGNET_AGENT_AGENTD_LINK_H

#include "agent/agentd/addresses.h"
#include "agent/agentd/step.h"
#include "lib/http/client.h"
#include "lib/json/fields.h"

#include <pthread.h>

enum { LINK_WHY_SIZE = 256, LINK_CODE_SIZE = 48, LINK_BODY_MAX = 65536, CONNECT_MS = 10000, SILENCE_MS = 60000 };

/* The fleet server as all connections of this agent know it. */
struct fleet_place {
	pthread_mutex_t lock; /* of addresses */
	struct addresses addresses;
	u8 ca_key[P384_KEY_SIZE];
	struct tls_identity *identity;
};

/* One connection, one thread's, but for link_interrupt(). */
struct link {
	struct fleet_place *place;
	pthread_mutex_t lock; /* of tls, against link_interrupt() */
	struct tls_client *tls; /* NULL: none */
	struct address *address;
	char host[SOCKET_HOST_SIZE + SOCKET_PORT_SIZE + 4]; /* for the Host field */
	bool stop; /* link_interrupt() came: what is asked now, or next, ends with ERR_NET_CLOSED */
	bool asking; /* the connection has to be shut down for that */
	bool interrupted; /* what was asked last ended so */
	char why[LINK_WHY_SIZE]; /* the last failure, for a person */
	char code[LINK_CODE_SIZE]; /* the server's own name for it; "": it gave none */
	u8 body[LINK_BODY_MAX + 1];
};

void link_open(struct link *l, struct fleet_place *place);

/*
 * Asks at the current address, at others when it does not answer. OK with any status. On an error why is filled in;
 * body has the answer, NUL-terminated, unless it went to a sink of the answer's.
 */
enum err link_ask(struct link *l, struct http_request *q, struct http_answer *a) MUST_CHECK;

/* What an answer means; fills why and code in from its error unless it is a 2xx. */
enum agent_outcome link_outcome(struct link *l, enum err e, const struct http_answer *a);

/*
 * POST of JSON, answered by JSON; body is freed. *answer is for yyjson_doc_free(), NULL unless OUTCOME_DONE. silence_ms
 * 0: as always.
 */
enum agent_outcome link_post(
        struct link *l, const char *target, yyjson_mut_doc *body, u32 silence_ms, yyjson_doc **answer);
/* The same of bytes. */
enum agent_outcome link_post_bytes(struct link *l, const char *target, const u8 *bytes, size_t n, yyjson_doc **answer);

/* From another thread: ends what the link waits for, now or when it next does. */
void link_interrupt(struct link *l);

#endif
