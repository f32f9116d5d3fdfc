/* The control port as commands use it, and guests by name. Trust: see the header. */
#include "agent/signetctl/ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *ctl_port(const struct args *args)
{
	const char *port = option_value(args, "port");

	return port ? port : access(CONTROL_SOCKET, F_OK) == 0 ? CONTROL_SOCKET : CONTROL_PORT;
}

enum exit_code ctl_run(const struct args *args, ctl_work *work)
{
	static struct channel channel;
	const char *port = ctl_port(args);
	enum err e;

	e = channel_open(&channel, port);
	if (e) {
		(void)complain(e, e == ERR_DEVICE ? "is this the service VM of a node?" : NULL, "cannot use %s", port);
		return EXIT_UNREACHABLE;
	}
	enum exit_code code = work(&channel, args);
	channel_close(&channel);
	return code;
}

enum exit_code ctl_complain(const struct channel *c, enum err e, const char *fmt, ...)
{
	char text[512];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	enum exit_code code = complain(e, c->broken ? "the control port failed" : NULL, "%s", text);
	return c->broken ? EXIT_UNREACHABLE : code;
}

static bool is_number(const char *word)
{
	return word[0] && strspn(word, "0123456789") == strlen(word);
}

/* *count: how many there are, *out the last of them. */
static enum err guests_by_name(struct channel *c, const char *name, u32 *count, struct control_guest *out)
{
	struct control_guest g = { 0 };
	enum err e;

	*count = 0;
	for (u32 id = 1; (e = guest_from(c, id, &g)) == OK && g.id != UINT32_MAX; id = g.id + 1) {
		if (strcmp(g.name, name) != 0)
			continue;
		*out = g;
		++*count;
	}
	return e == ERR_RANGE ? OK : e;
}

enum exit_code guest_named(struct channel *c, const char *word, struct control_guest *out)
{
	u32 count = 0;
	enum err e;

	if (is_number(word)) {
		unsigned long id = strtoul(word, NULL, 10);

		e = id <= UINT32_MAX ? guest_from(c, (u32)id, out) : ERR_RANGE;
		count = !e && out->id == id;
		if (e == ERR_RANGE)
			e = OK;
	} else {
		e = guests_by_name(c, word, &count, out);
	}
	if (e)
		return ctl_complain(c, e, "cannot list guests");
	if (count == 1)
		return EXIT_OK;
	note(count ? "more than one guest is called %s: give an id of `signetctl list`" : "there is no guest %s", word);
	return EXIT_FAILED;
}

const char *format_seconds(char out[32], u64 nanoseconds)
{
	const u64 tenths = nanoseconds / 100000000;

	(void)snprintf(out, 32, "%llu.%llu s", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
	return out;
}
