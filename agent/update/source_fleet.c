/* Images from the fleet server. Trust: see the header. */
#include "agent/update/source.h"

#include "keys/random.h"
#include "lib/print.h"

#include <string.h>
#include <time.h>

struct piece {
	u8 *to;
	size_t room, used;
};

static enum err take(void *context, const u8 *bytes, size_t n)
{
	struct piece *p = context;

	if (n > p->room - p->used)
		return ERR_HTTP_LENGTH;
	memcpy(p->to + p->used, bytes, n);
	p->used += n;
	return OK;
}

/* One range, once. *refused: the server answered, and will not answer otherwise a moment later. */
static enum err ask(struct fleet_source *s, const char *digest, u64 offset, struct piece *p, bool *refused)
{
	char target[sizeof("/node/v1/blobs/") + 2 * SHA384_SIZE];
	struct http_request q = { .method = "GET",
		.target = target,
		.ranged = true,
		.first = offset,
		.last = offset + p->room - 1,
		.silence_ms = SILENCE_MS };
	struct http_answer a = { .sink = take, .context = p, .sink_max = p->room };

	p->used = 0;
	(void)format(target, sizeof(target), "/node/v1/blobs/%s", digest);
	enum err e = link_ask(s->link, &q, &a);
	*refused = !e && a.head.status >= 400 && a.head.status < 500 && a.head.status != 401 && a.head.status != 429;
	if (e)
		return e;
	if (link_outcome(s->link, e, &a) != OUTCOME_DONE)
		return ERR_UPDATE_SOURCE;
	return a.head.status == 206 && a.head.has_range && a.head.range_first == offset && p->used == p->room
	        ? OK
	        : ERR_UPDATE_SOURCE;
}

static void rest(u32 failures)
{
	u32 random = 0, ms;

	/* Without randomness nodes would come back together, which harms less than not to come back. */
	(void)!random_bytes((u8 *)&random, sizeof(random));
	ms = rest_of(failures, random);
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L }, NULL);
}

static enum err ask_again(struct fleet_source *s, const char *digest, u64 offset, u8 *out, size_t n)
{
	struct piece p = { .to = out, .room = n };
	bool refused = false;
	enum err e = ask(s, digest, offset, &p, &refused);

	for (u32 failures = 1; e && !refused && !s->give_up(s->context); failures++) {
		rest(failures);
		e = ask(s, digest, offset, &p, &refused);
	}
	return e;
}

static enum err image_bytes(void *context, u64 offset, u8 *out, size_t n)
{
	struct fleet_source *s = context;

	return ask_again(s, s->image, offset, out, n);
}

static enum err list(void *context, u8 *out, size_t n)
{
	struct fleet_source *s = context;

	return ask_again(s, s->leaves, 0, out, n);
}

struct update_source fleet_source(struct fleet_source *s)
{
	return (struct update_source){ image_bytes, list, s };
}
