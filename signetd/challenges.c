/*
 * Enrolments under way.
 * Trust: holds secrets for ten minutes.
 */
#include "signetd/challenges.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

enum { CHALLENGES_MAX_OPEN = 256 };

struct challenges {
	struct challenge *all[CHALLENGES_MAX_OPEN];
};

enum err challenges_open(struct challenges **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? OK : ERR_NO_MEMORY;
}

void challenge_end(struct challenge *c)
{
	mbedtls_platform_zeroize(c, sizeof(*c));
}

void challenges_close(struct challenges *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CHALLENGES_MAX_OPEN; i++) {
		if (c->all[i])
			challenge_end(c->all[i]);
		free(c->all[i]);
	}
	free(c);
}

static bool is_of(const struct challenge *c, const u8 *node, const u8 *tls_key)
{
	return c && c->open && memcmp(c->node.id, node, ATTEST_ID_SIZE) == 0 &&
	        memcmp(c->tls_key, tls_key, SHA256_SIZE) == 0;
}

static size_t place_for(const struct challenges *c, const u8 *node, const u8 *tls_key)
{
	size_t best = 0;

	for (size_t i = 0; i < CHALLENGES_MAX_OPEN; i++)
		if (is_of(c->all[i], node, tls_key))
			return i;
	for (size_t i = 0; i < CHALLENGES_MAX_OPEN; i++) {
		if (!c->all[i] || !c->all[i]->open)
			return i;
		if (c->all[i]->made < c->all[best]->made)
			best = i;
	}
	return best;
}

struct challenge *challenge_new(
        struct challenges *c, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now)
{
	size_t at = place_for(c, node, tls_key);

	if (!c->all[at])
		c->all[at] = calloc(1, sizeof(struct challenge));
	if (!c->all[at])
		return NULL;
	challenge_end(c->all[at]);
	c->all[at]->open = true;
	c->all[at]->made = now;
	memcpy(c->all[at]->node.id, node, ATTEST_ID_SIZE);
	memcpy(c->all[at]->tls_key, tls_key, SHA256_SIZE);
	return c->all[at];
}

struct challenge *challenge_find(
        struct challenges *c, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now)
{
	for (size_t i = 0; i < CHALLENGES_MAX_OPEN; i++)
		if (is_of(c->all[i], node, tls_key) && now - c->all[i]->made <= CHALLENGE_MILLISECONDS)
			return c->all[i];
	return NULL;
}
