/* Updating without a fleet server. Trust: see ctl.h. */
#include "agent/update/update.h"

#include "agent/signetctl/ctl.h"

#include <string.h>
#include <unistd.h>

static bool advance(void *context, enum update_phase phase, const struct transfer_count *count)
{
	struct progress *bar = context;

	if (phase != UPDATE_TRANSFERRING)
		return true;
	if (bar->total != count->total) {
		progress_begin(bar, "installing", count->total);
		progress_add(bar, count->resumed);
	}
	progress_add(bar, count->leaves - bar->done);
	return true;
}

static const char *advice(enum err e)
{
	static const struct {
		enum err error;
		const char *text;
	} known[] = {
		{ ERR_DEVICE, "is the flash disk there, and no other installation under way?" },
		{ ERR_NV_ABSENT, "a node is enrolled before it is updated" },
		{ ERR_STATE_TRANSITION, "what runs is on trial: its end decides which slot is free" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].error == e)
			return known[i].text;
	return NULL;
}

static void report(const struct update *u)
{
	const struct transfer_count *c = &u->count;

	printf("Installed release %s, security version %u; it starts with the next boot, on trial\n", u->release,
	        u->svn);
	printf("  %llu bytes written; of %llu leaves %llu came from the running slot, %llu were there already\n",
	        (unsigned long long)c->written, (unsigned long long)c->total, (unsigned long long)c->reused,
	        (unsigned long long)c->resumed);
}

static enum exit_code apply(const struct args *args, const struct update_source *source)
{
	struct node node;
	struct progress bar = { .total = 0 };
	const struct update_watch watch = { advance, &bar };
	struct update u = { .node = &node, .source = source, .watch = &watch, .now = update_clock() };
	enum err e;

	node_use(&node, ctl_port(args));
	e = update_run(&u, option_value(args, "parts"));
	progress_end(&bar);
	node_leave(&node);
	if (e)
		return complain(e, advice(e), "not installed: %s", operand(args, 1));
	report(&u);
	return EXIT_OK;
}

enum exit_code command_update(const struct args *args)
{
	static struct file_source file;
	struct update_source source;
	enum err e;

	if (strcmp(operand(args, 0), "apply") != 0)
		return usage_error(args, "`update apply IMAGE`, not `update %s`", operand(args, 0));
	e = file_source_open(&file, operand(args, 1), &source);
	if (e)
		return complain(e, "a whole, signed image is wanted", "cannot use %s", operand(args, 1));
	enum exit_code code = apply(args, &source);
	image_file_close(&file.image);
	return code;
}
