/* Guests the hypervisor has, and the block server's links to their disks. Trust: see make.h. */
#include "agent/blkd/disks.h"
#include "agent/guest/make.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err guest_from(struct channel *c, u32 id, struct control_guest *out)
{
	struct control_guest_id from = { .id = id };
	enum err e = channel_get(c, CONTROL_GUESTS, &from, sizeof(from), out, sizeof(*out));

	out->name[sizeof(out->name) - 1] = '\0';
	out->reason[sizeof(out->reason) - 1] = '\0';
	/* One that goes back would never end. */
	if (!e && out->id < id)
		e = ERR_CONTROL_KIND;
	return e;
}

enum err guest_find(struct channel *c, const char *name, struct control_guest *out)
{
	enum err e = OK;

	for (u32 id = 1; !e; id = out->id + 1) {
		e = guest_from(c, id, out);
		if (!e && strcmp(out->name, name) == 0)
			return OK;
		if (!e && out->id == UINT32_MAX)
			e = ERR_RANGE;
	}
	return e;
}

bool guest_runs(const struct control_guest *g)
{
	return g->state != CONTROL_GUEST_OFF && g->state != CONTROL_GUEST_NEW;
}

const char *guest_state_text(u32 state)
{
	static const char *const texts[] = {
		[CONTROL_GUEST_NEW] = "new",
		[CONTROL_GUEST_STARTING] = "starting",
		[CONTROL_GUEST_RUNNING] = "running",
		[CONTROL_GUEST_OFF] = "off",
		[CONTROL_GUEST_PAUSED] = "paused",
	};

	return state < ARRAY_SIZE(texts) ? texts[state] : "unknown";
}

static enum err make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : ERR_IO;
}

enum err guest_disks_offer(const char *disks, u32 id, const struct guest_file *g)
{
	char path[DISK_PATH_MAX];

	if (g->disks == 0)
		return OK;
	disk_folder(path, disks, id);
	enum err e = make_folder(path);
	for (u32 i = 0; i < g->disks && !e; i++) {
		disk_path(path, disks, id, i, g->disk[i].read_only);
		(void)unlink(path);
		e = symlink(g->disk[i].path, path) == 0 ? OK : ERR_IO;
	}
	return e;
}

void guest_disks_forget(const char *disks, u32 id)
{
	char path[DISK_PATH_MAX];

	for (u32 i = 0; i < CONTROL_DISKS_MAX; i++)
		for (u32 read_only = 0; read_only < 2; read_only++) {
			disk_path(path, disks, id, i, read_only);
			(void)unlink(path);
		}
	disk_folder(path, disks, id);
	(void)rmdir(path);
}
