/* Requests to the fleet server. Trust: see the header. */
#include "agent/agentd/link.h"

#include "keys/random.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void link_open(struct link *l, struct fleet_place *place)
{
	memset(l, 0, sizeof(*l));
	l->place = place;
	(void)pthread_mutex_init(&l->lock, NULL);
}

static void set_connection(struct link *l, struct tls_client *tls)
{
	(void)pthread_mutex_lock(&l->lock);
	struct tls_client *old = l->tls;
	l->tls = tls;
	(void)pthread_mutex_unlock(&l->lock);
	tls_close(old);
}

void link_interrupt(struct link *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->stop = true;
	if (l->tls && l->asking)
		tls_interrupt(l->tls);
	(void)pthread_mutex_unlock(&l->lock);
}

static bool is_stopped(struct link *l)
{
	(void)pthread_mutex_lock(&l->lock);
	bool stop = l->stop;
	(void)pthread_mutex_unlock(&l->lock);
	return stop;
}

/* Whether to end what is asked; asking: what follows can be interrupted. */
static bool take_stop(struct link *l, bool asking)
{
	(void)pthread_mutex_lock(&l->lock);
	bool stop = l->stop;
	l->stop = false;
	l->asking = asking && !stop;
	(void)pthread_mutex_unlock(&l->lock);
	return stop;
}

static void end_asking(struct link *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->asking = false;
	(void)pthread_mutex_unlock(&l->lock);
}

static void judge_address(struct link *l, bool good)
{
	u32 random = 0;

	/* Without randomness nodes would come back together, which harms less than not to come back. */
	(void)!random_bytes((u8 *)&random, sizeof(random));
	(void)pthread_mutex_lock(&l->place->lock);
	if (good)
		address_good(&l->place->addresses, l->address);
	else
		address_failed(&l->place->addresses, l->address, monotonic_ms(), random);
	(void)pthread_mutex_unlock(&l->place->lock);
}

static enum err connect_next(struct link *l)
{
	struct tls_client *tls;
	char why[TLS_WHY_SIZE];

	(void)pthread_mutex_lock(&l->place->lock);
	struct address *address = address_pick(&l->place->addresses, monotonic_ms());
	(void)pthread_mutex_unlock(&l->place->lock);
	if (!address)
		return ERR_NET_CONNECT;
	l->address = address;
	struct tls_settings s = { .host = address->host,
		.port = address->port,
		.ca_key = l->place->ca_key,
		.identity = l->place->identity,
		.timeout_ms = CONNECT_MS };
	enum err e = tls_connect(&s, &tls, why);
	if (e) {
		(void)format(l->why, sizeof(l->why), "%s", why);
		judge_address(l, false);
		return e;
	}
	set_connection(l, tls);
	return OK;
}

/* Each address at most once: one that failed rests. */
static enum err connect_any(struct link *l)
{
	enum err e = ERR_NET_CONNECT;

	for (u32 i = 0; !l->tls && i < ADDRESSES_MAX; i++) {
		e = connect_next(l);
		if (e == ERR_NET_CONNECT && !l->why[0])
			(void)format(l->why, sizeof(l->why), "%s", "no address of the fleet server answers");
	}
	return l->tls ? OK : e;
}

static enum err ask_once(struct link *l, struct http_request *q, struct http_answer *a)
{
	enum err e = connect_any(l);

	if (e)
		return e;
	/* While it connected there was nothing to interrupt. The connection is kept: it is good for what comes now. */
	if (is_stopped(l))
		return ERR_NET_CLOSED;
	(void)format(l->host, sizeof(l->host), strchr(l->address->host, ':') ? "[%s]:%s" : "%s:%s", l->address->host,
	        l->address->port);
	q->host = l->host;
	a->bytes = l->body;
	a->room = LINK_BODY_MAX;
	e = http_ask(l->tls, q, a);
	if (!e)
		l->body[a->used] = 0;
	if (e || !a->head.keep_alive)
		set_connection(l, NULL);
	return e;
}

static enum err ask(struct link *l, struct http_request *q, struct http_answer *a)
{
	bool kept = l->tls != NULL;
	enum err e = ask_once(l, q, a);

	/* The server closes what was idle for long; that shows with the next request, and no answer begins. */
	if (kept && e == ERR_NET_CLOSED && !a->head.status && !is_stopped(l))
		e = ask_once(l, q, a);
	return e;
}

enum err link_ask(struct link *l, struct http_request *q, struct http_answer *a)
{
	l->why[0] = l->code[0] = '\0';
	l->interrupted = take_stop(l, true);
	if (l->interrupted)
		return ERR_NET_CLOSED;
	enum err e = ask(l, q, a);
	/* Of one that was answered all the same, the next request hears. */
	if (!e)
		end_asking(l);
	l->interrupted = e && take_stop(l, false);
	if (l->interrupted)
		return ERR_NET_CLOSED;
	if (!e)
		judge_address(l, a->head.status < 500 && a->head.status != 429);
	else if (!l->why[0])
		(void)format(l->why, sizeof(l->why), "%s", err_text(e));
	return e;
}

/* Words of an answer go to the console and into logs: printable, and no longer than there is room. */
static void copy_words(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; from && from[n] && n + 1 < room; n++) {
		u8 c = (u8)from[n];

		to[n] = ' ';
		if (c >= ' ' && c != 0x7F)
			to[n] = from[n];
	}
	to[n] = '\0';
}

static void take_error(struct link *l, const struct http_answer *a)
{
	yyjson_doc *doc = yyjson_read((const char *)l->body, a->used, 0);
	yyjson_val *error = yyjson_obj_get(yyjson_doc_get_root(doc), "error");

	copy_words(l->code, sizeof(l->code), yyjson_get_str(yyjson_obj_get(error, "code")));
	copy_words(l->why, sizeof(l->why), yyjson_get_str(yyjson_obj_get(error, "message")));
	if (!l->why[0])
		(void)format(l->why, sizeof(l->why), "the fleet server answers with status %u", a->head.status);
	yyjson_doc_free(doc);
}

enum agent_outcome link_outcome(struct link *l, enum err e, const struct http_answer *a)
{
	if (e)
		return OUTCOME_UNREACHABLE;
	if (a->head.status >= 200 && a->head.status < 300)
		return OUTCOME_DONE;
	take_error(l, a);
	if (a->head.status == 404 && strcmp(l->code, "node-unknown") == 0)
		return OUTCOME_UNKNOWN;
	return a->head.status >= 500 || a->head.status == 429 || a->head.status == 408 ? OUTCOME_UNREACHABLE
	                                                                               : OUTCOME_REFUSED;
}

static enum agent_outcome post(struct link *l, struct http_request *q, yyjson_doc **answer)
{
	struct http_answer a = { .bytes = NULL };
	enum agent_outcome outcome = link_outcome(l, link_ask(l, q, &a), &a);

	*answer = outcome == OUTCOME_DONE ? yyjson_read((const char *)l->body, a.used, 0) : NULL;
	if (outcome != OUTCOME_DONE || *answer)
		return outcome;
	(void)format(l->why, sizeof(l->why), "%s", "the fleet server's answer is no JSON");
	return OUTCOME_UNREACHABLE;
}

enum agent_outcome link_post(
        struct link *l, const char *target, yyjson_mut_doc *body, u32 silence_ms, yyjson_doc **answer)
{
	size_t n = 0;
	char *text = body ? yyjson_mut_write(body, 0, &n) : NULL;
	struct http_request q = { .method = "POST",
		.target = target,
		.type = HTTP_JSON,
		.body = text,
		.size = n,
		.silence_ms = silence_ms ? silence_ms : SILENCE_MS };
	enum agent_outcome outcome = OUTCOME_FAILED;

	yyjson_mut_doc_free(body);
	*answer = NULL;
	if (text)
		outcome = post(l, &q, answer);
	else
		(void)format(l->why, sizeof(l->why), "%s", err_text(ERR_NO_MEMORY));
	free(text);
	return outcome;
}

enum agent_outcome link_post_bytes(struct link *l, const char *target, const u8 *bytes, size_t n, yyjson_doc **answer)
{
	struct http_request q = { .method = "POST",
		.target = target,
		.type = HTTP_BYTES,
		.body = bytes,
		.size = n,
		.silence_ms = SILENCE_MS };

	return post(l, &q, answer);
}
