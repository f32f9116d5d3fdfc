/* What of the fleet's guests outlives the service VM, and all of them at once. Trust: see guests.h. */
#include "agent/agentd/guests.h"

#include "image/host/file.h"
#include "lib/print.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err kept_folder(const struct agent_options *o, char out[PATH_MAX])
{
	enum err e = path_join(out, o->store, "fleet-guests");

	if (e)
		return e;
	return mkdir(out, 0700) == 0 || errno == EEXIST ? OK : ERR_IO;
}

/* Names come from orders: one that is a path would lead elsewhere. */
static enum err kept_path(const struct agent_options *o, const char *name, char out[PATH_MAX])
{
	char folder[PATH_MAX];

	if (name[0] == '.' || strchr(name, '/'))
		return ERR_ARGUMENT;
	enum err e = kept_folder(o, folder);
	return e ? e : path_join(out, folder, name);
}

static void add(char *text, size_t room, size_t *n, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void add(char *text, size_t room, size_t *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int put = vsnprintf(text + *n, room - *n, fmt, args);
	va_end(args);
	/* What was parsed from a file of this size fits into one. */
	if (put > 0 && (size_t)put < room - *n)
		*n += (size_t)put;
}

enum err guest_keep(const struct agent_options *o, const struct guest_file *g)
{
	static _Thread_local char text[GUEST_FILE_MAX];
	char path[PATH_MAX];
	size_t n = 0;

	if (!store_lasts(o))
		return OK;
	enum err e = kept_path(o, g->name, path);
	if (e)
		return e;
	add(text, sizeof(text), &n, "name = %s\nmemory = %lluM\nvcpus = %u\nkernel = %s\n", g->name,
	        (unsigned long long)(g->memory >> 20), g->vcpus, g->kernel);
	for (u32 i = 0; i < g->disks; i++)
		add(text, sizeof(text), &n, "disk = %s%s\n", g->disk[i].path, g->disk[i].read_only ? " read-only" : "");
	return file_write(path, (const u8 *)text, n);
}

void guest_forget(const struct agent_options *o, const char *name)
{
	char path[PATH_MAX];

	if (kept_path(o, name, path) == OK)
		(void)unlink(path);
}

static void reattach_one(struct node *n, const struct agent_options *o, const char *name)
{
	static struct guest_file g;
	static u8 text[GUEST_FILE_MAX];
	struct guest_file_problem problem;
	struct control_guest guest = { 0 };
	char path[PATH_MAX], why[GUEST_WHY_SIZE];
	size_t size;

	if (kept_path(o, name, path) || file_read(path, text, sizeof(text), &size) ||
	        guest_file_parse((const char *)text, size, &g, &problem))
		return;
	enum err e = guests_find(n, g.name, &guest);
	if (e == ERR_RANGE)
		(void)unlink(path);
	/* What was a disk of the guest's may have become another one's name. */
	if (!e && (guest.disks != g.disks || !guest_disks_fit(o, &g, why, sizeof(why))))
		e = ERR_ARGUMENT;
	if (!e)
		e = guest_disks_offer(o->disks, guest.id, &g);
	tell("guest %s: %s", g.name, e == ERR_RANGE ? "is gone" : e ? err_text(e) : "is still there");
}

void guests_reattach(struct node *n, const struct agent_options *o)
{
	char folder[PATH_MAX];

	if (kept_folder(o, folder))
		return;
	DIR *d = opendir(folder);
	for (const struct dirent *entry; d && (entry = readdir(d));)
		if (entry->d_name[0] != '.')
			reattach_one(n, o, entry->d_name);
	if (d)
		(void)closedir(d);
}

static bool be_open(struct node *n)
{
	struct control_hello versions;

	return node_get(n, CONTROL_HELLO, NULL, 0, &versions, sizeof(versions)) == OK;
}

enum err guests_find(struct node *n, const char *name, struct control_guest *out)
{
	return be_open(n) ? guest_find(&n->channel, name, out) : ERR_IO;
}

enum err guests_stop(struct node *n, u32 id, enum control_stop_how how)
{
	struct control_stop order = { .id = id, .how = (u32)how };

	return node_get(n, CONTROL_STOP, &order, sizeof(order), NULL, 0);
}

/* Each guest that runs; how many there are. */
static u32 each_running(struct node *n, bool press)
{
	struct control_guest g = { 0 };
	u32 count = 0;

	if (!be_open(n))
		return 0;
	for (u32 id = 1; guest_from(&n->channel, id, &g) == OK && g.id != UINT32_MAX; id = g.id + 1) {
		if (!guest_runs(&g))
			continue;
		count++;
		if (press && guests_stop(n, g.id, CONTROL_STOP_BUTTON))
			tell("guest %s does not take its power button", g.name);
	}
	return count;
}

void guests_press_all(struct node *n)
{
	(void)each_running(n, true);
}

u32 guests_running(struct node *n)
{
	return each_running(n, false);
}
