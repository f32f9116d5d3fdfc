/*
 * Commands about updates: download and stage, wait for the guests, restart; or give up (docs/agent.md, "Updates").
 * Trust: see command.h. What is installed is verified by update/transfer.h, and once more by the stage.
 */
#include "agent/agentd/command.h"
#include "agent/agentd/threads.h"

#include "agent/agentd/guests.h"
#include "agent/update/update.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"
#include "update/refusal.h"
#include "update/state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A report no more than once in so long, and a look at the guests. */
enum { REPORT_MS = 1000, LOOK_MS = 200 };

/* The one update under way: its thread writes, the poll's reads and cancels. */
static struct {
	pthread_mutex_t lock;
	bool active, cancelled;
	u8 image[SHA384_SIZE];
	const char *phase; /* as docs/api.yaml names states */
	struct transfer_count count;
	u64 reported; /* ms */
} u = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_cancelled(void)
{
	(void)pthread_mutex_lock(&u.lock);
	bool cancelled = u.cancelled;
	(void)pthread_mutex_unlock(&u.lock);
	return cancelled;
}

static u64 bytes_of(u64 leaves)
{
	return leaves * LEAF_SIZE;
}

void update_put(yyjson_mut_doc *doc, yyjson_mut_val *report)
{
	char image[2 * SHA384_SIZE + 1];

	(void)pthread_mutex_lock(&u.lock);
	if (u.active) {
		yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, report, "update");

		hex_encode(image, u.image, sizeof(u.image));
		(void)yyjson_mut_obj_add_strcpy(doc, o, "image", image);
		(void)yyjson_mut_obj_add_str(doc, o, "phase", u.phase);
		(void)yyjson_mut_obj_add_uint(doc, o, "done", bytes_of(u.count.leaves));
		(void)yyjson_mut_obj_add_uint(doc, o, "total", bytes_of(u.count.total));
		(void)yyjson_mut_obj_add_uint(doc, o, "written", u.count.written);
		(void)yyjson_mut_obj_add_uint(doc, o, "fetched", u.count.fetched);
		(void)yyjson_mut_obj_add_uint(doc, o, "reused", bytes_of(u.count.reused));
	}
	(void)pthread_mutex_unlock(&u.lock);
}

/* By this thread's own connection: the poll stays open. That nobody hears it harms nothing. */
static void send_report(struct command_call *c)
{
	char node[NODE_TEXT_SIZE];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *report = report_now(c->node, doc);
	yyjson_doc *answer;

	yyjson_mut_doc_set_root(doc, root);
	if (!report) {
		yyjson_mut_doc_free(doc);
		return;
	}
	agent_node_text(c->agent, node);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "node", node);
	(void)yyjson_mut_obj_add_val(doc, root, "report", report);
	(void)link_post(c->link, "/node/v1/report", doc, 0, &answer);
	yyjson_doc_free(answer);
}

static void enter(struct command_call *c, const char *phase, const struct transfer_count *count)
{
	u64 now = monotonic_ms();

	(void)pthread_mutex_lock(&u.lock);
	bool due = u.phase != phase || now - u.reported >= REPORT_MS;
	u.phase = phase;
	if (count)
		u.count = *count;
	if (due)
		u.reported = now;
	(void)pthread_mutex_unlock(&u.lock);
	if (due)
		send_report(c);
}

static const char writing[] = "writing", staged[] = "staged", draining[] = "draining";

static bool proceed(void *context, enum update_phase phase, const struct transfer_count *count)
{
	enter(context, phase == UPDATE_STAGED ? staged : writing, count);
	return !is_cancelled();
}

static bool give_up(void *context)
{
	(void)context;
	return is_cancelled();
}

/* Whether the slot beside the running one waits to be tried with this image; slot: which it is. */
static bool is_staged(struct node *node, const u8 image[SHA384_SIZE], u32 *slot)
{
	struct control_slots slots;

	if (node_get(node, CONTROL_SLOTS, NULL, 0, &slots, sizeof(slots)) || slots.running >= SLOTS)
		return false;
	*slot = slots.running ^ 1;
	return slots.slot[*slot].state == SLOT_STAGED && digest_equal(slots.slot[*slot].digest, image, SHA384_SIZE);
}

static enum err take_back(struct node *node, u32 slot)
{
	const struct control_stage order = { .slot = slot };

	return node_get(node, CONTROL_STAGE, &order, sizeof(order), NULL, 0);
}

static enum err transfer(struct command_call *c)
{
	static struct fleet_source from; /* this thread's alone */
	u8 blob[SHA384_SIZE], leaves[SHA384_SIZE];
	const struct update_watch watch = { proceed, c };
	struct update_source source;

	from = (struct fleet_source){ .link = c->link, .give_up = give_up };
	(void)field_hex(c->arguments, "blob", blob, sizeof(blob));
	(void)field_hex(c->arguments, "leaves", leaves, sizeof(leaves));
	hex_encode(from.image, blob, sizeof(blob));
	hex_encode(from.leaves, leaves, sizeof(leaves));
	source = fleet_source(&from);
	struct update update = {
		.node = c->node, .source = &source, .watch = &watch, .manifest = u.image, .now = update_clock()
	};
	return update_run(&update, c->agent->options.parts);
}

static enum err stage(struct command_call *c)
{
	u32 slot;

	/* Of an agent before this one, which ended while guests did. */
	if (is_staged(c->node, u.image, &slot))
		return OK;
	enum err e = transfer(c);
	return e && is_cancelled() ? ERR_UPDATE_CANCELLED : e;
}

static void look_later(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
}

/* False: cancelled meanwhile. Guests that do not end in time go down with the machine. */
static bool drain(struct command_call *c)
{
	const char *how = field_text(c->arguments, "drain");
	u64 deadline = UINT64_MAX;

	if (strcmp(how, "now") == 0)
		return !is_cancelled();
	enter(c, draining, NULL);
	if (strcmp(how, "when-idle") != 0) {
		deadline = monotonic_ms() + strtoull(how, NULL, 10) * 1000;
		guests_press_all(c->node);
	}
	while (!is_cancelled() && guests_running(c->node) && monotonic_ms() < deadline)
		look_later();
	return !is_cancelled();
}

static bool failed(struct command_call *c, enum err e)
{
	const struct refusal *refusal = refusal_of(e);

	if (e == ERR_UPDATE_CANCELLED)
		return command_fail(c, "cancelled", "push it again when it is wanted", "%s", err_text(e));
	if (refusal)
		return command_fail(c, refusal->code, refusal->advice, "%s", err_text(e));
	return command_failed(c, e, "the update was not installed");
}

static void put_counts(struct command_call *c)
{
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "written", u.count.written);
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "fetched", u.count.fetched);
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "reused", bytes_of(u.count.reused));
}

/* Whether it was cancelled; if so it is taken back. */
static bool undo_cancelled(struct command_call *c)
{
	bool cancelled = is_cancelled();
	u32 slot;

	if (cancelled && is_staged(c->node, u.image, &slot) && take_back(c->node, slot))
		tell("the cancelled update could not be taken back: it is tried with the next start");
	return cancelled;
}

static void end_update(void)
{
	(void)pthread_mutex_lock(&u.lock);
	u.active = false;
	(void)pthread_mutex_unlock(&u.lock);
}

/* It may be cancelled until the node restarts. */
static bool still_holds(struct command_call *c)
{
	bool cancelled = undo_cancelled(c);

	end_update();
	if (cancelled)
		tell("the node does not restart: the update was cancelled");
	return !cancelled;
}

static bool carry_out(struct command_call *c)
{
	enum err e = stage(c);

	if (!e && !drain(c) && undo_cancelled(c))
		e = ERR_UPDATE_CANCELLED;
	if (e)
		return failed(c, e);
	put_counts(c);
	c->reboots = true;
	c->holds = still_holds;
	return true;
}

static bool is_drain(const char *word)
{
	size_t n = strlen(word);

	return strcmp(word, "now") == 0 || strcmp(word, "when-idle") == 0 ||
	        (n && n < 6 && strspn(word, "0123456789") == n);
}

bool command_update(struct command_call *c)
{
	if (!is_drain(field_text(c->arguments, "drain")))
		return command_fail(c, "arguments", "docs/fleet-api.md lists what this command takes",
		        "drain is none of its words");
	(void)pthread_mutex_lock(&u.lock);
	(void)field_hex(c->arguments, "image", u.image, sizeof(u.image));
	u.active = true;
	u.cancelled = false;
	u.phase = writing;
	u.reported = 0;
	u.count = (struct transfer_count){ 0 };
	(void)pthread_mutex_unlock(&u.lock);
	bool good = carry_out(c);
	if (!good)
		end_update();
	return good;
}

bool command_update_cancel(struct command_call *c)
{
	u8 image[SHA384_SIZE];
	u32 slot;

	(void)field_hex(c->arguments, "image", image, sizeof(image));
	(void)pthread_mutex_lock(&u.lock);
	bool active = u.active && digest_equal(u.image, image, sizeof(image));
	u.cancelled |= active;
	(void)pthread_mutex_unlock(&u.lock);
	if (active || !is_staged(c->node, image, &slot))
		return true;
	enum err e = take_back(c->node, slot);
	return e ? command_failed(c, e, "the staged update was not taken back") : true;
}
