/*
 * Tickets: encoding, opening, and whether this boot takes one.
 * Trust: in the TCB; pure. Reads outside bytes of one fixed length.
 */
#include "attest/ticket.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum {
	MAGIC_SIZE = 8,
	HEAD_SIZE = MAGIC_SIZE + 4 + 4 + 3 * ATTEST_ID_SIZE + SHA384_SIZE + 8 + 8 + 4 + 4 + 8 + 4 + 4,
	LEAF_AT = HEAD_SIZE + TICKET_GUESTS_MAX * SHA384_SIZE,
};

static_assert(LEAF_AT + LEAF_RECORD_SIZE == TICKET_BODY_SIZE, "ticket layout");

static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'T', '1' };
static const u8 domain[SIGNED_DOMAIN_SIZE] = "signet ticket 1";

enum err ticket_allow(struct ticket *t, const u8 guest[SHA384_SIZE])
{
	u32 at = 0;

	while (at < t->allowed_count && memcmp(t->allowed[at], guest, SHA384_SIZE) < 0)
		at++;
	if (at < t->allowed_count && memcmp(t->allowed[at], guest, SHA384_SIZE) == 0)
		return OK;
	if (t->allowed_count >= TICKET_GUESTS_MAX)
		return ERR_RANGE;
	memmove(t->allowed[at + 1], t->allowed[at], (size_t)(t->allowed_count - at) * SHA384_SIZE);
	memcpy(t->allowed[at], guest, SHA384_SIZE);
	t->allowed_count++;
	return OK;
}

void ticket_encode(const struct ticket *t, const u8 leaf[LEAF_RECORD_SIZE], u8 out[TICKET_SIZE])
{
	struct writer w = writer_on(out, TICKET_SIZE);

	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, TICKET_VERSION);
	write_le32(&w, (u32)t->rule);
	write_bytes(&w, t->node, sizeof(t->node));
	write_bytes(&w, t->session, sizeof(t->session));
	write_bytes(&w, t->challenge, sizeof(t->challenge));
	write_bytes(&w, t->manifest, sizeof(t->manifest));
	write_le64(&w, t->sequence);
	write_le64(&w, t->lease);
	write_le32(&w, t->guests);
	write_le32(&w, t->vcpus);
	write_le64(&w, t->memory);
	write_le32(&w, t->allowed_count);
	write_le32(&w, t->flags);
	for (u32 i = 0; i < TICKET_GUESTS_MAX; i++)
		write_bytes(&w, t->allowed[i], SHA384_SIZE);
	write_bytes(&w, leaf, LEAF_RECORD_SIZE);
	write_zero(&w, P384_SIGNATURE_SIZE);
}

void ticket_digest(const u8 bytes[TICKET_SIZE], u8 digest[SHA384_SIZE])
{
	signed_digest(domain, bytes, TICKET_BODY_SIZE, digest);
}

/* One order, no guest twice, nothing behind the last: one encoding. */
static bool allowed_in_order(const struct ticket *t)
{
	if (t->allowed_count > TICKET_GUESTS_MAX)
		return false;
	for (u32 i = 1; i < t->allowed_count; i++)
		if (memcmp(t->allowed[i - 1], t->allowed[i], SHA384_SIZE) >= 0)
			return false;
	for (u32 i = t->allowed_count; i < TICKET_GUESTS_MAX; i++)
		if (!bytes_are_zero(t->allowed[i], SHA384_SIZE))
			return false;
	return true;
}

static bool fields_sound(const struct ticket *t, u32 rule)
{
	bool any = t->flags & TICKET_ANY_GUEST;

	return rule >= TICKET_KEEP && rule <= TICKET_STOP && (t->flags & ~(u32)TICKET_ANY_GUEST) == 0 &&
	        !(any && t->allowed_count != 0) && t->sequence != 0 && allowed_in_order(t);
}

static enum err parse(const u8 bytes[TICKET_SIZE], struct ticket *out)
{
	struct reader r = reader_on(bytes, LEAF_AT);
	const u8 *found = read_bytes(&r, MAGIC_SIZE);
	u32 version = read_le32(&r);
	u32 rule = read_le32(&r);

	read_copy(&r, out->node, sizeof(out->node));
	read_copy(&r, out->session, sizeof(out->session));
	read_copy(&r, out->challenge, sizeof(out->challenge));
	read_copy(&r, out->manifest, sizeof(out->manifest));
	out->sequence = read_le64(&r);
	out->lease = read_le64(&r);
	out->guests = read_le32(&r);
	out->vcpus = read_le32(&r);
	out->memory = read_le64(&r);
	out->allowed_count = read_le32(&r);
	out->flags = read_le32(&r);
	for (u32 i = 0; i < TICKET_GUESTS_MAX; i++)
		read_copy(&r, out->allowed[i], SHA384_SIZE);
	if (!reader_done(&r) || memcmp(found, magic, sizeof(magic)) != 0 || version != TICKET_VERSION ||
	        !fields_sound(out, rule))
		return ERR_TICKET_FORMAT;
	out->rule = (enum ticket_rule)rule;
	return OK;
}

enum err ticket_open(const u8 *bytes, size_t n, const u8 ca_key[P384_KEY_SIZE], struct ticket *out)
{
	u8 digest[SHA384_SIZE];

	memset(out, 0, sizeof(*out));
	if (n != TICKET_SIZE)
		return ERR_TICKET_FORMAT;
	enum err e = leaf_verify(bytes + LEAF_AT, ca_key, LEAF_TICKET, &out->leaf);
	if (e)
		return e;
	ticket_digest(bytes, digest);
	e = ecdsa_p384_verify(out->leaf.key, digest, bytes + TICKET_BODY_SIZE);
	if (e)
		return e == ERR_SIGNATURE_WRONG ? ERR_TICKET_SIGNATURE : e;
	return parse(bytes, out);
}

/* A node without an id would take what was meant for another that has none. */
static bool for_this_node(const struct ticket *t, const struct ticket_context *c)
{
	return !bytes_are_zero(c->node, sizeof(c->node)) && digest_equal(t->node, c->node, sizeof(c->node));
}

static bool of_this_session(const struct ticket *t, const struct ticket_context *c)
{
	return digest_equal(t->session, c->session, sizeof(c->session));
}

static bool for_this_image(const struct ticket *t, const struct ticket_context *c)
{
	return digest_equal(t->manifest, c->manifest, sizeof(c->manifest));
}

static bool answers_the_challenge(const struct ticket *t, const struct ticket_context *c)
{
	return c->challenge_open && digest_equal(t->challenge, c->challenge, sizeof(c->challenge));
}

static bool is_newer(const struct ticket *t, const struct ticket_context *c)
{
	return t->sequence > c->sequence;
}

static bool leaf_is_recent(const struct ticket *t, const struct ticket_context *c)
{
	return t->leaf.epoch >= c->epoch;
}

/* Counted from the challenge's issue: a ticket held back on its way gains no time by it. */
static bool lease_runs(const struct ticket *t, const struct ticket_context *c)
{
	return t->lease <= TICKET_LEASE_MAX && t->lease > c->challenge_age;
}

static const struct {
	bool (*holds)(const struct ticket *t, const struct ticket_context *c);
	enum err otherwise;
} demands[] = {
	{ for_this_node, ERR_TICKET_NODE },
	{ of_this_session, ERR_TICKET_SESSION },
	{ for_this_image, ERR_TICKET_MANIFEST },
	{ answers_the_challenge, ERR_TICKET_CHALLENGE },
	{ is_newer, ERR_TICKET_SEQUENCE },
	{ leaf_is_recent, ERR_LEAF_EPOCH },
	{ lease_runs, ERR_TICKET_LEASE },
};

enum err ticket_judge(const struct ticket *t, const struct ticket_context *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(demands); i++)
		if (!demands[i].holds(t, c))
			return demands[i].otherwise;
	return OK;
}

static bool guest_listed(const struct ticket *t, const u8 guest[SHA384_SIZE])
{
	if (t->flags & TICKET_ANY_GUEST)
		return true;
	for (u32 i = 0; i < t->allowed_count; i++)
		if (digest_equal(t->allowed[i], guest, SHA384_SIZE))
			return true;
	return false;
}

enum err ticket_allows(const struct ticket *t, const u8 guest[SHA384_SIZE], const struct ticket_load *load)
{
	if (!guest_listed(t, guest))
		return ERR_TICKET_GUEST;
	if (load->guests > t->guests || load->vcpus > t->vcpus || load->memory > t->memory)
		return ERR_TICKET_LIMIT;
	return OK;
}
