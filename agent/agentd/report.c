/* The node's state in words, for the fleet server. Trust: see threads.h. */
#include "agent/agentd/threads.h"

#include "update/state.h"

#include <assert.h>
#include <string.h>

/* What makes a report worth sending: the rest changes by itself with time. */
struct news {
	u8 session[32], manifest[48];
	u32 slot, flags, guests, lease, trial, zero;
	struct control_slots slots;
};
/* Compared as bytes. */
static_assert(sizeof(struct news) == 80 + 6 * sizeof(u32) + sizeof(struct control_slots), "no padding");

/* The poll thread's alone: what has arrived, and what is on its way. */
static struct news told, sent;

static const char *slot_state(u32 state)
{
	static const char *const words[] = { "empty", "writing", "staged", "trying", "unconfirmed", "good", "bad" };

	return state < ARRAY_SIZE(words) ? words[state] : "unknown";
}

static void add_slots(yyjson_mut_doc *doc, yyjson_mut_val *report, const struct control_slots *s)
{
	yyjson_mut_val *slots = yyjson_mut_obj_add_arr(doc, report, "slots");

	for (u32 i = 0; i < ARRAY_SIZE(s->slot); i++) {
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, slots);

		(void)yyjson_mut_obj_add_str(doc, o, "state", slot_state(s->slot[i].state));
		(void)yyjson_mut_obj_add_uint(doc, o, "tries", s->slot[i].tries);
		(void)yyjson_mut_obj_add_uint(doc, o, "svn", s->slot[i].svn);
		(void)json_put_hex(doc, o, "manifest", s->slot[i].digest, sizeof(s->slot[i].digest));
		if (s->slot[i].cause != CAUSE_NONE)
			(void)yyjson_mut_obj_add_str(
			        doc, o, "cause", slot_cause_text((enum slot_cause)s->slot[i].cause));
	}
}

static yyjson_mut_val *fill(yyjson_mut_doc *doc, const struct control_status *s, const struct control_slots *slots)
{
	yyjson_mut_val *report = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_strcpy(doc, report, "release", s->release);
	(void)yyjson_mut_obj_add_uint(doc, report, "svn", s->svn);
	(void)yyjson_mut_obj_add_str(doc, report, "slot", s->slot ? "b" : "a");
	(void)yyjson_mut_obj_add_strcpy(doc, report, "reason", s->reason_text);
	(void)yyjson_mut_obj_add_uint(doc, report, "uptime", s->uptime / 1000000000u);
	(void)yyjson_mut_obj_add_uint(doc, report, "trialLeft", s->trial_left);
	(void)yyjson_mut_obj_add_uint(doc, report, "lease", s->lease_left);
	(void)yyjson_mut_obj_add_uint(doc, report, "guests", s->guests);
	add_slots(doc, report, slots);
	update_put(doc, report);
	return report;
}

static enum err read_node(struct node *n, struct control_status *s, struct control_slots *slots)
{
	enum err e = node_read_status(n, s);

	return e ? e : node_get(n, CONTROL_SLOTS, NULL, 0, slots, sizeof(*slots));
}

yyjson_mut_val *report_now(struct node *n, yyjson_mut_doc *doc)
{
	struct control_status s;
	struct control_slots slots;

	return read_node(n, &s, &slots) ? NULL : fill(doc, &s, &slots);
}

yyjson_mut_val *report_make(struct node *n, yyjson_mut_doc *doc, bool force)
{
	struct control_status s;
	struct control_slots slots;
	struct news now;

	sent = told;
	if (read_node(n, &s, &slots))
		return NULL;
	memset(&now, 0, sizeof(now));
	memcpy(now.session, s.session, sizeof(now.session));
	memcpy(now.manifest, s.manifest, sizeof(now.manifest));
	now.slot = s.slot;
	now.flags = s.flags & ~(u32)CONTROL_CHALLENGED;
	now.guests = s.guests;
	now.lease = s.lease_left != 0;
	now.trial = s.trial_left != 0;
	now.slots = slots;
	sent = now;
	if (!force && memcmp(&told, &now, sizeof(now)) == 0)
		return NULL;
	return fill(doc, &s, &slots);
}

void report_arrived(void)
{
	told = sent;
}
