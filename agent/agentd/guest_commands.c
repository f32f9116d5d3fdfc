/* Commands about guests. Trust: see command.h. */
#include "agent/agentd/command.h"
#include "agent/agentd/guests.h"

#include "lib/print.h"
#include "lib/tls/deadline.h"

#include <string.h>
#include <time.h>

enum { ATTEST_MS = 120000, END_MS = 30000, CONSOLE_MAX = 16384, CONSOLE_WAIT_MAX = 1000, PAUSE_MS = 20 };

static bool find(struct command_call *c, struct control_guest *out)
{
	const char *name = field_text(c->arguments, "name");
	enum err e = guests_find(c->node, name, out);

	if (e == ERR_RANGE)
		return command_fail(
		        c, "guest-unknown", "`signet guest list` lists what there is", "there is no guest %s", name);
	return e ? command_failed(c, e, "guests") : true;
}

static void pause_ms(u32 ms)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

/* One that has ended makes room for its next life. */
static enum err destroy(struct command_call *c, const struct control_guest *g)
{
	struct control_guest_id order = { .id = g->id };
	enum err e = node_get(c->node, CONTROL_DESTROY, &order, sizeof(order), NULL, 0);

	if (!e)
		guest_disks_forget(c->agent->options.disks, g->id);
	return e;
}

/* Neither part is larger than the memory that it is loaded into. */
static bool fetch_parts(struct command_call *c, struct guest_order *o)
{
	const struct agent_options *options = &c->agent->options;
	enum err e = blob_path(options, o->kernel, o->file.kernel);

	if (!e && o->has_initramfs)
		e = blob_path(options, o->initramfs, o->file.initramfs);
	if (!e)
		e = blob_need(c->link, options, o->kernel, o->file.memory);
	if (!e && o->has_initramfs)
		e = blob_need(c->link, options, o->initramfs, o->file.memory);
	if (!e)
		return true;
	/* What the fleet server says of it is nearer to the cause than our number. */
	if (c->link->code[0])
		return command_fail(c, c->link->code, "upload the guest's parts again", "%s", c->link->why);
	return command_failed(c, e, "the guest's kernel or initramfs");
}

/* The ticket must allow what it starts: it is asked for once the guest is there, and the start waits for it. */
static bool start(struct command_call *c, u32 id)
{
	struct control_guest_id order = { .id = id };
	char verdict[VERDICT_NAME_SIZE];
	struct control_status status;
	enum err e = node_read_status(c->node, &status);

	if (!e && !(status.flags & CONTROL_UNGATED) && agent_attest_now(c->agent, ATTEST_MS, verdict) != OUTCOME_DONE)
		return command_fail(
		        c, "not-attested", "`signet attest explain NODE` says why", "no ticket: %s", verdict);
	if (!e)
		e = node_get(c->node, CONTROL_START, &order, sizeof(order), NULL, 0);
	return e ? command_failed(c, e, "the hypervisor does not start the guest") : true;
}

static bool make_and_start(struct command_call *c, const struct guest_order *o)
{
	char why[GUEST_WHY_SIZE];
	u32 id;
	enum err e = guest_make(&c->node->channel, &o->file, c->agent->options.disks, NULL, &id, why);

	if (e)
		return command_failed(c, e, why);
	if (!start(c, id)) {
		(void)!destroy(c, &(struct control_guest){ .id = id });
		return false;
	}
	if (guest_keep(&c->agent->options, &o->file))
		tell("guest %s: its disks will not be found after a restart of the service VM", o->file.name);
	blobs_trim(&c->agent->options);
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "id", id);
	return true;
}

bool command_guest_run(struct command_call *c)
{
	static struct guest_order order; /* the long lane's alone */
	struct control_guest there = { 0 };
	char why[GUEST_WHY_SIZE];

	if (!guest_order_read(yyjson_obj_get(c->arguments, "guest"), &order, why, sizeof(why)))
		return command_fail(c, "definition", "docs/fleet-api.md says what a guest is", "%s", why);
	if (!guest_disks_fit(&c->agent->options, &order.file, why, sizeof(why)))
		return command_fail(c, "disk", "docs/agent.md says which disks a guest may have", "%s", why);
	enum err e = guests_find(c->node, order.file.name, &there);
	if (!e && guest_runs(&there))
		return command_fail(c, "guest-runs", "stop it first", "guest %s runs already", order.file.name);
	if (!e)
		e = destroy(c, &there);
	else if (e == ERR_RANGE)
		e = OK;
	if (e)
		return command_failed(c, e, "what is left of the guest's last life");
	return fetch_parts(c, &order) && make_and_start(c, &order);
}

bool command_guest_stop(struct command_call *c)
{
	struct control_guest g;

	if (!find(c, &g))
		return false;
	enum err e =
	        guests_stop(c->node, g.id, field_bool(c->arguments, "now") ? CONTROL_STOP_NOW : CONTROL_STOP_BUTTON);
	return e ? command_failed(c, e, "the guest was not stopped") : true;
}

/* Its processors leave it soon after the order. */
static enum err end_it(struct command_call *c, struct control_guest *g)
{
	u64 deadline = monotonic_ms() + END_MS;
	enum err e = guest_runs(g) ? guests_stop(c->node, g->id, CONTROL_STOP_NOW) : OK;

	while (!e && guest_runs(g) && monotonic_ms() < deadline) {
		pause_ms(PAUSE_MS);
		e = guests_find(c->node, g->name, g);
	}
	return e;
}

bool command_guest_remove(struct command_call *c)
{
	struct control_guest g;

	guest_forget(&c->agent->options, field_text(c->arguments, "name"));
	enum err e = guests_find(c->node, field_text(c->arguments, "name"), &g);
	if (e == ERR_RANGE)
		return true;
	if (!e)
		e = end_it(c, &g);
	if (!e)
		e = destroy(c, &g);
	return e ? command_failed(c, e, "the guest was not removed") : true;
}

static void add_guest(struct command_call *c, yyjson_mut_val *guests, const struct control_guest *g)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(c->doc, guests);

	(void)yyjson_mut_obj_add_uint(c->doc, o, "id", g->id);
	(void)yyjson_mut_obj_add_strcpy(c->doc, o, "name", g->name);
	(void)yyjson_mut_obj_add_strcpy(c->doc, o, "state", guest_state_text(g->state));
	(void)json_put_hex(c->doc, o, "digest", g->digest, sizeof(g->digest));
	(void)yyjson_mut_obj_add_uint(c->doc, o, "memory", g->memory);
	(void)yyjson_mut_obj_add_uint(c->doc, o, "vcpus", g->vcpus);
	(void)yyjson_mut_obj_add_uint(c->doc, o, "cpuTime", g->cpu_time);
	(void)yyjson_mut_obj_add_uint(c->doc, o, "exits", g->exits);
	(void)yyjson_mut_obj_add_strcpy(c->doc, o, "reason", g->reason);
}

bool command_guest_list(struct command_call *c)
{
	yyjson_mut_val *guests = yyjson_mut_obj_add_arr(c->doc, c->value, "guests");
	struct control_guest g = { 0 };
	struct control_status status;
	enum err e = node_read_status(c->node, &status);

	for (u32 id = 1; !e; id = g.id + 1) {
		e = guest_from(&c->node->channel, id, &g);
		if (!e)
			add_guest(c, guests, &g);
		if (!e && g.id == UINT32_MAX)
			e = ERR_RANGE;
	}
	return e == ERR_RANGE ? true : command_failed(c, e, "guests");
}

static enum err read_console(struct command_call *c, u32 id, u64 offset, struct control_bytes *at, const u8 **bytes)
{
	struct control_console_read from = { .id = id, .offset = offset };
	u32 n;
	enum err e = node_ask(
	        c->node, CONTROL_CONSOLE_READ, &(struct frame_body){ .fixed = &from, .fixed_size = sizeof(from) });

	if (!e)
		e = frame_split(c->node->channel.reply, c->node->channel.reply_size, at, sizeof(*at), bytes, &n);
	if (!e && (at->length != n || at->offset < offset))
		e = ERR_CONTROL_KIND;
	return e;
}

static enum err type_in(struct command_call *c, u32 id)
{
	struct control_guest_id to = { .id = id };
	u8 input[CONSOLE_MAX];
	u32 n = (u32)field_base64(c->arguments, "input", input, sizeof(input));

	return n ? node_ask(c->node, CONTROL_CONSOLE_WRITE, &(struct frame_body){ &to, sizeof(to), input, n }) : OK;
}

/* Waits a moment for output: other commands wait meanwhile. */
static enum err collect(struct command_call *c, u32 id, struct control_bytes *at, u8 *out, u32 *n)
{
	u64 offset = field_number(c->arguments, "offset"), wait = field_number(c->arguments, "waitMs");
	u64 deadline = monotonic_ms() + (wait < CONSOLE_WAIT_MAX ? wait : CONSOLE_WAIT_MAX);
	const u8 *bytes;
	enum err e = read_console(c, id, offset, at, &bytes);

	while (!e && !at->length && monotonic_ms() < deadline) {
		pause_ms(PAUSE_MS);
		e = read_console(c, id, offset, at, &bytes);
	}
	offset = at->offset;
	for (*n = 0; !e && at->length && at->length <= CONSOLE_MAX - *n;) {
		memcpy(out + *n, bytes, at->length);
		*n += at->length;
		e = read_console(c, id, offset + *n, at, &bytes);
		/* Overtaken by what the guest writes: the rest is for the next time. */
		if (!e && at->offset != offset + *n)
			break;
	}
	at->offset = offset;
	return e;
}

bool command_guest_console(struct command_call *c)
{
	struct control_bytes at = { 0 };
	struct control_guest g;
	u8 out[CONSOLE_MAX];
	u32 n = 0;

	if (!find(c, &g))
		return false;
	enum err e = type_in(c, g.id);
	if (e)
		return command_failed(c, e, "the guest does not take the input");
	e = collect(c, g.id, &at, out, &n);
	if (e)
		return command_failed(c, e, "the guest's console");
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "offset", at.offset);
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "end", at.end);
	(void)json_put_base64(c->doc, c->value, "output", out, n);
	return true;
}
