/*
 * The chain of key manifests from the anchor to the newest. Each link is verified before it is parsed, and parsed over
 * its predecessor: one key set in memory, whatever the chain's length.
 * Trust: in the TCB; pure. Reads unverified bytes: fixed headers and signature lists.
 */
#include "image/keyset.h"
#include "image/message.h"
#include "image/signature.h"

/* Signed by the roots before it, then by its own: neither old nor new keys alone can move the trust. */
static enum err chain_extend(const u8 *bytes, const struct keys_header *h, struct key_set *set)
{
	const u8 *list = bytes + h->body;
	size_t list_room = h->total - h->body;
	u8 digest[SHA384_SIZE];

	keys_message_digest(bytes, h->body, digest);
	enum err e = signatures_check(list, list_room, digest, set, ROLE_ROOT, set->root_threshold);
	if (e)
		return e;
	e = key_set_parse(bytes, h->body, set);
	if (e)
		return e;
	return signatures_check(list, list_room, digest, set, ROLE_ROOT, set->root_threshold);
}

/* The anchor's own manifest: it is trusted already, so its bytes are compared and its signatures mean nothing more. */
static enum err chain_start(const u8 *bytes, const struct keys_header *h, const struct key_set *set)
{
	u8 digest[SHA384_SIZE];

	sha384_of(bytes, h->body, digest);
	return digest_equal(digest, set->digest, SHA384_SIZE) ? OK : ERR_KEYS_CHAIN;
}

static enum err chain_step(
        const u8 *bytes, const struct keys_header *h, struct key_set *set, const struct keys_visitor *visitor)
{
	enum err e;

	/* Older than the anchor: other stages need it, this one passes over it unread. */
	if (h->version < set->version)
		return OK;
	if (h->version == set->version)
		e = chain_start(bytes, h, set);
	else if (h->version - 1 == set->version)
		e = chain_extend(bytes, h, set);
	else
		e = ERR_KEYS_CHAIN; /* keys_chain_walk has seen to it that this does not come */
	if (!e && visitor)
		visitor->visit(visitor->context, set->version, set->digest);
	return e;
}

enum err keys_chain_walk(const u8 *region, size_t n, struct key_set *set, const struct keys_visitor *visitor)
{
	u64 previous = 0;
	bool anchored = false;

	for (size_t at = 0; at < n;) {
		struct keys_header h;
		enum err e = keys_header_read(region + at, n - at, &h);
		if (e)
			return e;
		if (h.total > n - at)
			return ERR_KEYS_FORMAT;
		if (at > 0 && h.version - 1 != previous)
			return ERR_KEYS_CHAIN;
		/* A later manifest counts only behind the anchor itself. */
		if (h.version > set->version && !anchored)
			return ERR_KEYS_CHAIN;
		anchored = anchored || h.version == set->version;
		e = chain_step(region + at, &h, set, visitor);
		if (e)
			return e;
		previous = h.version;
		at += h.total;
	}
	return anchored ? OK : ERR_KEYS_CHAIN;
}
