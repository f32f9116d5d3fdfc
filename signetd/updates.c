/* Updates under way. Trust: see the header. */
#include "signetd/updates.h"

#include "lib/json/fields.h"
#include "lib/print.h"
#include "signetd/audit.h"
#include "signetd/blobs.h"
#include "signetd/journal.h"
#include "signetd/orders.h"
#include "signetd/records.h"
#include "signetd/update_judge.h"
#include "signetd/update_track.h"
#include "update/refusal.h"

#include "attest/event.h"

#include <stdlib.h>
#include <string.h>

/* An update waits for its node as long as it takes. */
enum { PROGRESS_STORED_MILLISECONDS = 5000, CANCEL_MILLISECONDS = 600000 };
static const u64 update_milliseconds = 365ull * 86400 * 1000;

static void tell_storage(enum err e)
{
	if (e && e != ERR_STORAGE_ABSENT)
		journal(JOURNAL_ERROR, "updates: %s", err_text(e));
}

static void tell_end(struct server *s, const struct update_node *n)
{
	char id[2 * ATTEST_ID_SIZE + 1];

	hex_encode(id, n->node, sizeof(n->node));
	journal(n->state == UPDATE_COMMITTED ? JOURNAL_NOTICE : JOURNAL_WARNING, "update %llu of node %s: %s%s%s",
	        (unsigned long long)n->update, id, update_state_words(n->state), n->reason[0] ? ": " : "", n->reason);
	if (audit_event(s, "update-ended", id, "update %llu: %s%s%s", (unsigned long long)n->update,
	            update_state_words(n->state), n->reason[0] ? ": " : "", n->reason) != OK)
		journal(JOURNAL_ERROR, "the audit log could not be written");
}

static void put(struct server *s, const struct update_node *n)
{
	tell_storage(s->storage->updates->put_node(s->storage, n));
	if (update_has_ended(n->state))
		tell_end(s, n);
}

/* The version that the stage measured of itself, in a node's last evidence. */
static u32 stage_version_of(struct server *s, const struct node_entry *n)
{
	struct bytes_view log = { NULL, 0 };
	struct log_reader r;
	struct log_event e;
	struct event event;
	u32 version = UINT32_MAX;
	u8 *evidence = NULL;

	if (!n->appraised || record_log(s, n->id, n->appraisal, &evidence, &log) != OK)
		return version;
	if (log_open(&r, log.bytes, log.n) == OK)
		while (version == UINT32_MAX && !log_at_end(&r) && log_next(&r, &e) == OK)
			if (e.pcr == PCR_IMAGE && e.type == EV_EVENT_TAG &&
			        event_decode(e.data, e.length, &event) == OK && event.kind == EVENT_STAGE)
				version = (u32)event.value[0];
	free(evidence);
	return version;
}

enum err updates_judge(
        struct server *s, const struct node_entry *n, const struct reference *image, bool under_way, bool force)
{
	struct appraisal_policy policy;
	struct update_facts facts = {
		.node = n,
		.image = &image->image,
		.anchor = &s->fleet->anchor,
		.stage_version = stage_version_of(s, n),
		.now = fleet_wall(s),
		.under_way = under_way,
		.force = force,
	};
	enum err e = s->storage->updates->fell_back(s->storage, n->id, image->image.manifest_digest, &facts.fell_back);

	fleet_policy(&s->config, n->hardware_class, &policy, NULL);
	facts.allowed_flags = policy.image_flags;
	return e ? e : update_judge(&facts);
}

/* The share that a live node's orders speak of. */
static bool share_of(struct server *s, const struct live_node *l, struct update_node *out)
{
	enum err e = s->storage->updates->find_node(s->storage, l->update, l->id, out);

	tell_storage(e);
	return !e;
}

static u64 count_of(yyjson_val *object, const char *name)
{
	u64 n = yyjson_get_uint(yyjson_obj_get(object, name));

	return n > INT64_MAX ? INT64_MAX : n;
}

static void take_counts(struct update_node *n, yyjson_val *answer)
{
	n->written = count_of(answer, "written");
	n->fetched = count_of(answer, "fetched");
	n->reused = count_of(answer, "reused");
	n->done = n->total;
}

static const char *words_of(yyjson_val *object, const char *name, const char *otherwise)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, name));

	return text ? text : otherwise;
}

static void copy_session(struct server *s, const u8 *node, u8 session[ATTEST_ID_SIZE])
{
	struct node_entry *n = malloc(sizeof(*n));

	memset(session, 0, ATTEST_ID_SIZE);
	if (n && s->storage->nodes->find(s->storage, node, n) == OK)
		memcpy(session, n->session, ATTEST_ID_SIZE);
	free(n);
}

static void update_done(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct live_node *l = context;
	struct update_node n;
	u8 session[ATTEST_ID_SIZE];

	l->update_order = 0;
	/* Without an answer it waits on: the order goes out again. */
	if (!answer || !share_of(s, l, &n) || update_has_ended(n.state))
		return;
	if (ok) {
		copy_session(s, l->id, session);
		take_counts(&n, answer);
		update_staged(&n, session);
	} else {
		l->intents_due = update_not_staged(&n, words_of(answer, "code", "node-failed"),
		        words_of(answer, "message", "the node could not do it"));
	}
	put(s, &n);
}

static void cancel_done(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct live_node *l = context;
	struct update_node n;
	enum err e;

	l->cancel_order = 0;
	if (!ok && !answer)
		return;
	e = s->storage->updates->cancel_of(s->storage, l->id, &n);
	if (!e) {
		n.cancel_due = false;
		e = s->storage->updates->put_node(s->storage, &n);
	}
	tell_storage(e);
}

static yyjson_mut_doc *update_arguments(const struct update_entry *u, const struct image_entry *i)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)json_put_hex(doc, root, "image", i->digest, sizeof(i->digest));
	(void)json_put_hex(doc, root, "blob", i->blob, sizeof(i->blob));
	(void)yyjson_mut_obj_add_uint(doc, root, "length", i->length);
	(void)json_put_hex(doc, root, "leaves", i->leaves, sizeof(i->leaves));
	(void)yyjson_mut_obj_add_strcpy(doc, root, "drain", u->drain);
	return doc;
}

/* Much may have changed since it was ordered. */
static enum err judge_again(
        struct server *s, const struct node_entry *node, const struct update_node *n, struct image_entry *image)
{
	size_t size;
	u8 *head = NULL;
	enum err e = s->storage->images->find(s->storage, n->image, image, &head, &size);
	const struct reference *r = e ? NULL : fleet_reference(s, head, size);

	if (!e)
		e = r ? updates_judge(s, node, r, false, n->force) : ERR_SIGNATURE_MISSING;
	free(head);
	return e;
}

static void give(struct server *s, struct live_node *l, struct update_node *n, const struct image_entry *image)
{
	struct update_entry u;
	enum err e = s->storage->updates->find(s->storage, n->update, &u);

	if (!e && !n->order)
		e = order_reserve(s, &n->order);
	/* Under the same id after a restart, so that a node which has it goes on. */
	if (!e)
		e = s->storage->updates->put_node(s->storage, n);
	if (!e) {
		l->update = n->update;
		l->update_order = n->order;
		e = order_give_as(
		        s, l->id, n->order, "update", update_arguments(&u, image), update_milliseconds, update_done, l);
	}
	if (e) {
		l->update_order = 0;
		journal(JOURNAL_ERROR, "an update could not be ordered: %s", err_text(e));
	}
}

static void give_update(struct server *s, struct live_node *l, const struct node_entry *node)
{
	struct update_node n;
	struct image_entry image;
	enum err e = s->storage->updates->open_of(s->storage, node->id, &n);

	tell_storage(e);
	if (e || n.answered || n.state > UPDATE_DRAINING)
		return;
	e = n.order ? s->storage->images->find(s->storage, n.image, &image, NULL, NULL)
	            : judge_again(s, node, &n, &image);
	const struct refusal *refusal = refusal_of(e);
	if (!e) {
		give(s, l, &n, &image);
	} else if (refusal) {
		update_end(&n, UPDATE_REFUSED, refusal->code, err_text(e));
		put(s, &n);
	} else {
		tell_storage(e);
	}
}

static void give_cancel(struct server *s, struct live_node *l)
{
	struct update_node n;
	yyjson_mut_val *root;
	enum err e = s->storage->updates->cancel_of(s->storage, l->id, &n);

	tell_storage(e);
	if (e)
		return;
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)json_put_hex(doc, root, "image", n.image, sizeof(n.image));
	if (order_give(s, l->id, "update-cancel", doc, CANCEL_MILLISECONDS, cancel_done, l, &l->cancel_order) != OK)
		l->cancel_order = 0;
}

void updates_intents(struct server *s, struct live_node *l, const struct node_entry *n)
{
	if (!l->cancel_order)
		give_cancel(s, l);
	if (!l->update_order && !l->cancel_order)
		give_update(s, l, n);
}

static void see(struct server *s, struct live_node *l, const struct update_sight *sight)
{
	struct update_node n;
	enum err e = s->storage->updates->open_of(s->storage, l->id, &n);

	tell_storage(e);
	if (e || !update_see(&n, sight))
		return;
	put(s, &n);
	/* What it shows is the answer. */
	if (l->update_order && l->update == n.update && (n.answered || update_has_ended(n.state))) {
		order_drop(s, l->update_order);
		l->update_order = 0;
	}
}

void updates_attested(struct server *s, struct live_node *l, const struct node_entry *n, const struct appraisal *a)
{
	struct update_sight sight = {
		.kind = a->verdict == VERDICT_GOOD ? SIGHT_GOOD : SIGHT_AUTHENTIC,
		.verdict = a->verdict,
		.held = n->held != VERDICT_GOOD,
		.sequence = a->state.sequence,
	};

	memcpy(sight.running, a->claim.manifest, sizeof(sight.running));
	memcpy(sight.session, a->claim.session, sizeof(sight.session));
	memcpy(sight.slot, a->state.slot, sizeof(sight.slot));
	see(s, l, &sight);
}

static enum slot_state slot_state_named(const char *words)
{
	for (enum slot_state state = SLOT_EMPTY; words && state < SLOT_STATES; state++)
		if (strcmp(words, slot_state_name(state)) == 0)
			return state;
	return SLOT_STATES;
}

static enum slot_cause slot_cause_named(const char *words)
{
	for (enum slot_cause cause = CAUSE_NONE; cause < SLOT_CAUSES; cause++)
		if (strcmp(words, slot_cause_text(cause)) == 0)
			return cause;
	return CAUSE_NONE;
}

static bool read_slots(yyjson_val *report, struct update_sight *sight)
{
	yyjson_val *slots = yyjson_obj_get(report, "slots");
	const char *running = words_of(report, "slot", "");

	for (u32 i = 0; i < SLOTS; i++) {
		yyjson_val *slot = yyjson_arr_get(slots, i);
		const char *manifest = words_of(slot, "manifest", "");

		sight->slot[i].state = slot_state_named(words_of(slot, "state", ""));
		sight->slot[i].cause = slot_cause_named(words_of(slot, "cause", ""));
		if (sight->slot[i].state == SLOT_STATES || !hex_decode(manifest, sight->slot[i].digest, SHA384_SIZE))
			return false;
	}
	memcpy(sight->running, sight->slot[strcmp(running, "b") == 0].digest, SHA384_SIZE);
	return true;
}

static enum update_state phase_named(const char *words)
{
	for (enum update_state state = UPDATE_WRITING; state <= UPDATE_DRAINING; state++)
		if (strcmp(words, update_state_words(state)) == 0)
			return state;
	return UPDATE_WAITING;
}

/* Not each step is worth a write to disk; the last one comes with the answer. */
static bool is_to_be_stored(struct server *s, struct live_node *l, bool changed)
{
	if (!changed && fleet_now(s) - l->progress_stored < PROGRESS_STORED_MILLISECONDS)
		return false;
	l->progress_stored = fleet_now(s);
	return true;
}

static void take_progress(struct server *s, struct live_node *l, yyjson_val *o)
{
	const struct update_progress p = { phase_named(words_of(o, "phase", "")), count_of(o, "done"),
		count_of(o, "total"), count_of(o, "written"), count_of(o, "fetched"), count_of(o, "reused") };
	struct update_node n;
	u8 image[SHA384_SIZE];

	if (!hex_decode(words_of(o, "image", ""), image, sizeof(image)) ||
	        s->storage->updates->open_of(s->storage, l->id, &n) != OK ||
	        !digest_equal(n.image, image, sizeof(image)))
		return;
	if (is_to_be_stored(s, l, update_advance(&n, &p)) && !n.answered)
		put(s, &n);
}

void updates_reported(struct server *s, struct live_node *l, yyjson_val *report)
{
	struct update_sight sight = { .kind = SIGHT_REPORT };
	yyjson_val *update = yyjson_obj_get(report, "update");

	if (update)
		take_progress(s, l, update);
	if (read_slots(report, &sight))
		see(s, l, &sight);
}

struct cancelling {
	struct update_node *open; /* UPDATE_NODES_MAX */
	size_t count;
};

static enum err collect_open(void *context, const struct update_node *n)
{
	struct cancelling *c = context;

	if (n->state > UPDATE_DRAINING || n->answered || c->count == UPDATE_NODES_MAX)
		return OK;
	c->open[c->count++] = *n;
	return OK;
}

/* One whose node may have it is told so when it next asks. */
static enum err cancel_one(struct server *s, struct update_node *n)
{
	struct live_node *l = live_find(s, n->node);

	n->cancel_due = n->order != 0;
	update_end(n, UPDATE_CANCELLED, "", "");
	enum err e = s->storage->updates->put_node(s->storage, n);
	if (e || !l)
		return e;
	if (l->update_order && l->update == n->update) {
		order_drop(s, l->update_order);
		l->update_order = 0;
	}
	l->intents_due = true;
	return OK;
}

enum err updates_cancel(struct server *s, u64 update, bool *any)
{
	struct cancelling c = { .open = calloc(UPDATE_NODES_MAX, sizeof(struct update_node)) };
	enum err e = c.open ? s->storage->updates->read_nodes(s->storage, update, collect_open, &c) : ERR_NO_MEMORY;
	for (size_t i = 0; !e && i < c.count; i++)
		e = cancel_one(s, &c.open[i]);
	if (!e && c.count)
		e = s->storage->updates->set_cancelled(s->storage, update);
	*any = c.count != 0;
	free(c.open);
	return e;
}
