/* Nodes that wait for an approver. Trust: see the header. */
#include "signetd/pending.h"

#include "lib/bytes.h"
#include "lib/print.h"
#include "signetd/appraisal_numbers.h"
#include "signetd/audit.h"
#include "signetd/journal.h"

#include <string.h>

/* Those that wait, seen from an applicant. */
struct crowd {
	const struct server *server;
	const struct caller *who;
	u64 certified, uncertified, of_address;
	bool has_absent;
	u8 absent[ATTEST_ID_SIZE]; /* uncertified, away, and waiting longest */
};

static enum err count(void *context, const struct waiting_node *n)
{
	struct crowd *c = context;

	if (n->certified) {
		c->certified++;
		return OK;
	}
	const struct live_node *l = live_find(c->server, n->id);
	c->uncertified++;
	if (l && memcmp(l->network, c->who->network, sizeof(l->network)) == 0)
		c->of_address++;
	if (c->has_absent || (l && live_is_online(c->server, l)))
		return OK;
	c->has_absent = true;
	memcpy(c->absent, n->id, sizeof(c->absent));
	return OK;
}

static enum err remove_audited(
        struct server *s, const u8 id[ATTEST_ID_SIZE], const char *text, const struct caller *who)
{
	enum err e = appraisal_numbers_leave(s->storage, id);

	return e ? e
	         : audit_event(
	                   s, "node-dropped", text, "away, and made place for another that came from %s", who->address);
}

/* A node that nobody removed is gone: not without an entry that tells of it. */
static enum err drop(struct server *s, const u8 id[ATTEST_ID_SIZE], const struct caller *who)
{
	char text[2 * ATTEST_ID_SIZE + 1];
	enum err e = s->storage->transaction->begin(s->storage);

	if (e)
		return e;
	hex_encode(text, id, ATTEST_ID_SIZE);
	e = remove_audited(s, id, text, who);
	if (e)
		s->storage->transaction->rollback(s->storage);
	else
		e = s->storage->transaction->commit(s->storage);
	if (e)
		return e;
	live_forget(s, id);
	s->counters.pending_dropped++;
	journal(JOURNAL_NOTICE, "node %s is away, and made place for another that waits for an approver", text);
	return OK;
}

static enum err admit_uncertified(struct server *s, const struct crowd *c)
{
	const struct config *limits = &s->config;

	if (c->of_address >= limits->pending_per_address)
		return ERR_RANGE;
	if (c->uncertified < limits->pending_uncertified)
		return OK;
	return c->has_absent && limits->pending_uncertified ? drop(s, c->absent, c->who) : ERR_RANGE;
}

enum err pending_admit(struct server *s, const struct node_entry *applicant, const struct caller *who)
{
	struct crowd c = { .server = s, .who = who };
	enum err e = s->storage->nodes->read_waiting(s->storage, count, &c);

	if (!e && applicant->ek_finding != EK_TRUSTED)
		e = admit_uncertified(s, &c);
	else if (!e && c.certified >= s->config.pending)
		e = ERR_RANGE;
	if (e == ERR_RANGE)
		s->counters.pending_refused++;
	return e;
}

void pending_came(struct server *s, const struct node_entry *n, const struct caller *who)
{
	struct live_node *l = live_node(s, n->id);

	if (!l)
		return;
	/* The first one: whoever came again from elsewhere would no longer count where it came from. */
	if (bytes_are_zero(l->network, sizeof(l->network)))
		memcpy(l->network, who->network, sizeof(l->network));
	live_touch(s, l);
}
