/* Stopping and destroying guests. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"

#include <time.h>

static enum exit_code order_stop(struct channel *c, const struct control_guest *g, enum control_stop_how how)
{
	struct control_stop order = { .id = g->id, .how = (u32)how };
	enum err e = channel_get(c, CONTROL_STOP, &order, sizeof(order), NULL, 0);

	return e ? ctl_complain(c, e, "guest %s was not stopped", g->name) : EXIT_OK;
}

static enum exit_code stop(struct channel *c, const struct args *args)
{
	struct control_guest g = { 0 };
	enum exit_code code = guest_named(c, operand(args, 0), &g);

	if (code)
		return code;
	return order_stop(c, &g, option_given(args, "now") ? CONTROL_STOP_NOW : CONTROL_STOP_BUTTON);
}

enum exit_code command_stop(const struct args *args)
{
	return ctl_run(args, stop);
}

/* Its processors leave it soon after the order. */
static enum exit_code await_end(struct channel *c, struct control_guest *g)
{
	enum { TRIES = 100 };
	u32 id = g->id;

	for (u32 i = 0; i < TRIES; i++) {
		enum err e = guest_from(c, id, g);
		if (e || g->id != id)
			return ctl_complain(c, e ? e : ERR_RANGE, "guest %u is gone", id);
		if (!guest_runs(g))
			return EXIT_OK;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	note("guest %s does not end", g->name);
	return EXIT_FAILED;
}

static enum exit_code destroy(struct channel *c, const struct args *args)
{
	struct control_guest g = { 0 };
	enum exit_code code = guest_named(c, operand(args, 0), &g);

	if (!code && guest_runs(&g) && option_given(args, "now")) {
		code = order_stop(c, &g, CONTROL_STOP_NOW);
		if (!code)
			code = await_end(c, &g);
	}
	if (code)
		return code;
	struct control_guest_id order = { .id = g.id };
	enum err e = channel_get(c, CONTROL_DESTROY, &order, sizeof(order), NULL, 0);
	if (e)
		return ctl_complain(c, e, "guest %s was not destroyed", g.name);
	guest_disks_forget(disks_folder(args), g.id);
	return EXIT_OK;
}

enum exit_code command_destroy(const struct args *args)
{
	return ctl_run(args, destroy);
}
