/*
 * Nonces.
 * Trust: decides what is fresh.
 */
#include "signetd/nonces.h"

#include "keys/random.h"
#include "lib/bytes.h"

#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

/* time, random, MAC */
enum { TIME_AT = 0, RANDOM_AT = 8, MAC_AT = 16, MAC_SIZE = ATTEST_ID_SIZE - MAC_AT };

struct used {
	u8 nonce[ATTEST_ID_SIZE], node[ATTEST_ID_SIZE];
	u64 when;
};

struct nonces {
	u8 secret[SHA256_SIZE];
	/* A ring, oldest first. */
	size_t first, count;
	struct used used[NONCES_USED_MAX];
};

enum err nonces_open(struct nonces **out)
{
	struct nonces *n = calloc(1, sizeof(*n));
	enum err e = n ? random_bytes(n->secret, sizeof(n->secret)) : ERR_NO_MEMORY;

	if (e) {
		free(n);
		n = NULL;
	}
	*out = n;
	return e;
}

void nonces_close(struct nonces *n)
{
	if (n)
		mbedtls_platform_zeroize(n->secret, sizeof(n->secret));
	free(n);
}

static bool make_mac(const struct nonces *n, const u8 *head, const u8 *node, const u8 *tls_key, u8 mac[SHA256_SIZE])
{
	u8 message[MAC_AT + ATTEST_ID_SIZE + SHA256_SIZE];
	struct writer w = writer_on(message, sizeof(message));

	write_bytes(&w, head, MAC_AT);
	write_bytes(&w, node, ATTEST_ID_SIZE);
	write_bytes(&w, tls_key, SHA256_SIZE);
	return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), n->secret, sizeof(n->secret), message,
	               w.used, mac) == 0;
}

enum err nonce_issue(const struct nonces *n, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now,
        u8 out[ATTEST_ID_SIZE])
{
	u8 mac[SHA256_SIZE];

	store_le64(out + TIME_AT, now);
	enum err e = random_bytes(out + RANDOM_AT, MAC_AT - RANDOM_AT);
	if (!e && !make_mac(n, out, node, tls_key, mac))
		e = ERR_NO_MEMORY;
	if (!e)
		memcpy(out + MAC_AT, mac, MAC_SIZE);
	return e;
}

static bool is_over(u64 when, u64 now)
{
	return now < when || now - when > (u64)NONCE_SECONDS * 1000;
}

static const struct used *at(const struct nonces *n, size_t i)
{
	return &n->used[(n->first + i) % NONCES_USED_MAX];
}

static bool was_used(const struct nonces *n, const u8 nonce[ATTEST_ID_SIZE])
{
	for (size_t i = 0; i < n->count; i++)
		if (memcmp(at(n, i)->nonce, nonce, ATTEST_ID_SIZE) == 0)
			return true;
	return false;
}

bool nonce_is_open(const struct nonces *n, const u8 nonce[ATTEST_ID_SIZE], const u8 node[ATTEST_ID_SIZE],
        const u8 tls_key[SHA256_SIZE], u64 now)
{
	u8 mac[SHA256_SIZE];

	if (!make_mac(n, nonce, node, tls_key, mac) || !digest_equal(mac, nonce + MAC_AT, MAC_SIZE))
		return false;
	return !is_over(load_le64(nonce + TIME_AT), now) && !was_used(n, nonce);
}

u64 nonce_time(const u8 nonce[ATTEST_ID_SIZE])
{
	return load_le64(nonce + TIME_AT);
}

/* What is over needs no remembering: it is not taken for its time. */
static void forget(struct nonces *n, u64 now)
{
	while (n->count && is_over(at(n, 0)->when, now)) {
		n->first = (n->first + 1) % NONCES_USED_MAX;
		n->count--;
	}
}

static size_t count_of(const struct nonces *n, const u8 node[ATTEST_ID_SIZE])
{
	size_t count = 0;

	for (size_t i = 0; i < n->count; i++)
		count += memcmp(at(n, i)->node, node, ATTEST_ID_SIZE) == 0;
	return count;
}

enum err nonce_use(struct nonces *n, const u8 nonce[ATTEST_ID_SIZE], const u8 node[ATTEST_ID_SIZE], u64 now)
{
	forget(n, now);
	if (n->count == NONCES_USED_MAX || count_of(n, node) >= NONCES_OF_NODE_MAX)
		return ERR_RANGE;
	struct used *u = &n->used[(n->first + n->count++) % NONCES_USED_MAX];
	memcpy(u->nonce, nonce, ATTEST_ID_SIZE);
	memcpy(u->node, node, ATTEST_ID_SIZE);
	u->when = now;
	return OK;
}
