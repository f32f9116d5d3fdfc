/* Making and starting guests. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"

static enum exit_code start(struct channel *c, u32 id, const char *name)
{
	struct control_guest_id order = { .id = id };
	enum err e = channel_get(c, CONTROL_START, &order, sizeof(order), NULL, 0);

	return e ? ctl_complain(c, e, "guest %s was not started", name) : EXIT_OK;
}

static void advance(void *bar, u64 bytes)
{
	progress_add(bar, bytes);
}

static enum exit_code create(struct channel *c, const struct args *args)
{
	static struct guest_file g;
	char why[GUEST_WHY_SIZE];
	struct progress bar;
	const struct meter meter = { .advance = advance, .context = &bar };
	u32 id = 0;
	enum exit_code code = guest_file_load(operand(args, 0), &g);

	if (code)
		return code;
	progress_begin(&bar, "loading", guest_make_size(&g));
	enum err e = guest_make(c, &g, disks_folder(args), &meter, &id, why);
	progress_end(&bar);
	if (e)
		return ctl_complain(c, e, "%s", why);
	printf("guest %u: %s\n", id, g.name);
	return option_given(args, "start") ? start(c, id, g.name) : EXIT_OK;
}

enum exit_code command_create(const struct args *args)
{
	return ctl_run(args, create);
}

static enum exit_code attach(struct channel *c, const struct args *args)
{
	static struct guest_file g;
	struct control_guest guest = { 0 };
	enum exit_code code = guest_file_load(operand(args, 0), &g);

	if (!code)
		code = guest_named(c, g.name, &guest);
	if (!code && guest.disks != g.disks) {
		note("guest %s was made with %u disks, %s has %u", g.name, guest.disks, operand(args, 0), g.disks);
		return EXIT_FAILED;
	}
	if (code)
		return code;
	enum err e = guest_disks_offer(disks_folder(args), guest.id, &g);
	return e ? complain(e, NULL, "cannot tell the block server of the disks: %s", disks_folder(args)) : EXIT_OK;
}

enum exit_code command_attach(const struct args *args)
{
	return ctl_run(args, attach);
}

static enum exit_code start_named(struct channel *c, const struct args *args)
{
	struct control_guest guest = { 0 };
	enum exit_code code = guest_named(c, operand(args, 0), &guest);

	return code ? code : start(c, guest.id, guest.name);
}

enum exit_code command_start(const struct args *args)
{
	return ctl_run(args, start_named);
}
