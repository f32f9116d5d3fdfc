/* Limits on peers. Trust: pure. */
#include "signetd/net/admission.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN = 1000 };

static const u8 mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void admission_init(struct admission *a, const struct admission_limits *limits, u64 now)
{
	memset(a, 0, sizeof(*a));
	a->limits = *limits;
	a->handshakes = (struct bucket){ limits->handshake_burst_in_all * TOKEN, now };
}

void admission_free(struct admission *a)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		while (a->table[i]) {
			struct peer *p = a->table[i];

			a->table[i] = p->next;
			free(p);
		}
}

static void peer_key(const u8 address[ADDRESS_SIZE], u8 key[ADDRESS_SIZE])
{
	enum { NETWORK = 8 };
	bool v4 = memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0;

	memset(key, 0, ADDRESS_SIZE);
	memcpy(key, address, v4 ? ADDRESS_SIZE : NETWORK);
}

/* FNV-1a. Who chooses addresses to collide costs himself a walk of at most his own addresses. */
static struct peer **slot_of(struct admission *a, const u8 key[ADDRESS_SIZE])
{
	u32 h = 2166136261u;

	for (size_t i = 0; i < ADDRESS_SIZE; i++)
		h = (h ^ key[i]) * 16777619u;
	return &a->table[h % PEERS_MAX];
}

static struct peer *find(struct admission *a, const u8 key[ADDRESS_SIZE])
{
	for (struct peer *p = *slot_of(a, key); p; p = p->next)
		if (memcmp(p->address, key, ADDRESS_SIZE) == 0)
			return p;
	return NULL;
}

static struct peer *make(struct admission *a, const u8 key[ADDRESS_SIZE], u64 now)
{
	struct peer *p = a->peers < 2 * PEERS_MAX ? calloc(1, sizeof(*p)) : NULL;

	if (!p)
		return NULL;
	memcpy(p->address, key, ADDRESS_SIZE);
	p->requests = (struct bucket){ a->limits.request_burst * TOKEN, now };
	p->handshakes = (struct bucket){ a->limits.handshake_burst * TOKEN, now };
	p->next = *slot_of(a, key);
	*slot_of(a, key) = p;
	a->peers++;
	return p;
}

struct peer *admission_enter(struct admission *a, const u8 address[ADDRESS_SIZE], u64 now)
{
	u8 key[ADDRESS_SIZE];

	if (a->connections >= a->limits.connections)
		return NULL;
	peer_key(address, key);
	struct peer *p = find(a, key);
	if (!p)
		p = make(a, key, now);
	if (!p || p->connections >= a->limits.connections_per_peer)
		return NULL;
	p->connections++;
	a->connections++;
	return p;
}

void admission_leave(struct admission *a, struct peer *p)
{
	p->connections--;
	a->connections--;
}

/* True: there is one to take. */
static bool fill(struct bucket *b, u64 per_second, u64 burst, u64 now)
{
	u64 most = burst * TOKEN, passed = now - b->filled;
	/* A day fills any bucket; longer would only overflow. */
	u64 gained = (passed < 86400000 ? passed : 86400000) * per_second;

	b->tokens = b->tokens + gained < most ? b->tokens + gained : most;
	b->filled = now;
	return b->tokens >= TOKEN;
}

bool admission_handshake(struct admission *a, struct peer *p, u64 now)
{
	const struct admission_limits *l = &a->limits;

	if (!fill(&p->handshakes, l->handshakes_per_second, l->handshake_burst, now) ||
	        !fill(&a->handshakes, l->handshakes_per_second_in_all, l->handshake_burst_in_all, now))
		return false;
	p->handshakes.tokens -= TOKEN;
	a->handshakes.tokens -= TOKEN;
	return true;
}

bool admission_request(struct admission *a, struct peer *p, u64 now)
{
	if (!fill(&p->requests, a->limits.requests_per_second, a->limits.request_burst, now))
		return false;
	p->requests.tokens -= TOKEN;
	return true;
}

static bool is_idle(const struct admission *a, struct peer *p, u64 now)
{
	const struct admission_limits *l = &a->limits;

	if (p->connections)
		return false;
	(void)fill(&p->requests, l->requests_per_second, l->request_burst, now);
	(void)fill(&p->handshakes, l->handshakes_per_second, l->handshake_burst, now);
	return p->requests.tokens >= l->request_burst * TOKEN && p->handshakes.tokens >= l->handshake_burst * TOKEN;
}

void admission_sweep(struct admission *a, u64 now)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		for (struct peer **at = &a->table[i]; *at;) {
			struct peer *p = *at;

			if (!is_idle(a, p, now)) {
				at = &p->next;
				continue;
			}
			*at = p->next;
			a->peers--;
			free(p);
		}
}
