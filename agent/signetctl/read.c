/* Commands that copy what the hypervisor keeps: event log, messages, counts of exits. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"
#include "cli/json.h"
#include "lib/control/exit_kinds.h"

#include <string.h>

/* One answer, its bytes checked against its own count. */
static enum err read_piece(
        struct channel *c, enum control_kind kind, u64 offset, struct control_bytes *at, const u8 **bytes)
{
	struct control_read from = { .offset = offset };
	u32 n;
	enum err e = channel_ask(c, kind, &(struct frame_body){ .fixed = &from, .fixed_size = sizeof(from) });

	if (!e)
		e = frame_split(c->reply, c->reply_size, at, sizeof(*at), bytes, &n);
	if (!e && (at->length != n || at->offset < offset))
		e = ERR_CONTROL_KIND;
	return e;
}

static enum exit_code copy_out(struct channel *c, enum control_kind kind)
{
	struct control_bytes at = { 0 };
	const u8 *bytes;

	/* Up to the end as it was first told: what is said meanwhile must not keep it going. */
	for (u64 offset = 0, end = UINT64_MAX; offset < end; offset = at.offset + at.length) {
		enum err e = read_piece(c, kind, offset, &at, &bytes);
		if (e)
			return ctl_complain(c, e, "cannot read on from byte %llu", (unsigned long long)offset);
		if (end == UINT64_MAX)
			end = at.end;
		if (at.length == 0)
			break;
		(void)fwrite(bytes, 1, at.length, stdout);
	}
	return EXIT_OK;
}

static enum exit_code copy_log(struct channel *c, const struct args *args)
{
	(void)args;
	return copy_out(c, CONTROL_LOG);
}

static enum exit_code copy_messages(struct channel *c, const struct args *args)
{
	(void)args;
	return copy_out(c, CONTROL_MESSAGES);
}

enum exit_code command_log(const struct args *args)
{
	return ctl_run(args, copy_log);
}

enum exit_code command_messages(const struct args *args)
{
	return ctl_run(args, copy_messages);
}

static const char *exit_text(u32 kind)
{
	static const char *const texts[] = {
#define TEXT(name, text) text,
		EXIT_KINDS_LIST(TEXT)
#undef TEXT
	};

	return kind < ARRAY_SIZE(texts) ? texts[kind] : "other";
}

static void exits_json(const struct control_exits *x)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	for (u32 i = 0; i < x->count; i++)
		json_number(&j, exit_text(i), x->exits[i]);
	json_end_object(&j);
}

static void exits_text(const struct control_exits *x)
{
	for (u32 i = 0; i < x->count; i++)
		if (x->exits[i])
			printf("%-18s %12llu\n", exit_text(i), (unsigned long long)x->exits[i]);
}

static enum exit_code show_exits(struct channel *c, const struct args *args)
{
	struct control_guest g = { 0 };
	struct control_exits x = { 0 };
	enum exit_code code = guest_named(c, operand(args, 0), &g);

	if (code)
		return code;
	struct control_guest_id order = { .id = g.id };
	enum err e = channel_get(c, CONTROL_EXITS, &order, sizeof(order), &x, sizeof(x));
	if (!e && x.count > CONTROL_EXITS_MAX)
		e = ERR_CONTROL_KIND;
	if (e)
		return ctl_complain(c, e, "cannot get the exits of guest %s", g.name);
	(option_given(args, "json") ? exits_json : exits_text)(&x);
	return EXIT_OK;
}

enum exit_code command_exits(const struct args *args)
{
	return ctl_run(args, show_exits);
}
