/* Making a guest. Trust: see the header. */
#include "agent/guest/make.h"

#include "lib/print.h"

#include <errno.h>
#include <string.h>

enum { PIECE = CONTROL_REQUEST_MAX - sizeof(struct control_header) - sizeof(struct control_load) };

/* What becomes of a file between announcing and loading it is its owner's fault; no more than announced is read. */
struct part {
	int fd;
	u64 size;
};

/* One guest in the making. */
struct making {
	struct channel *channel;
	const struct guest_file *g;
	const char *disks;
	const struct meter *meter;
	struct part part[CONTROL_PARTS];
	u32 id;
	char *why;
};

static enum err tell_path(struct making *m, enum err e, const char *path)
{
	(void)format(m->why, GUEST_WHY_SIZE, "cannot use %s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

static enum err refused(struct making *m, enum err e, const char *what)
{
	(void)format(m->why, GUEST_WHY_SIZE, "%s: %s", what, err_text(e));
	return e;
}

static enum err open_part(struct making *m, const char *path, struct part *out)
{
	enum err e = path[0] ? file_open(path, &out->fd, &out->size) : OK;

	if (!e && path[0] && out->size == 0)
		e = ERR_RANGE;
	return e ? tell_path(m, e, path) : OK;
}

/* Of the file or block device at path. */
static enum err disk_sectors(struct making *m, const struct guest_disk *disk, u64 *sectors)
{
	struct part p = { .fd = -1 };
	enum err e = open_part(m, disk->path, &p);

	file_close(p.fd);
	*sectors = p.size / 512;
	return !e && *sectors == 0 ? tell_path(m, ERR_RANGE, disk->path) : e;
}

static enum err fill_shape(struct making *m, struct control_create *out)
{
	const struct guest_file *g = m->g;

	*out = (struct control_create){
		.memory = g->memory,
		.vcpus = g->vcpus,
		.disks = g->disks,
		.nets = g->nets,
		.kernel = m->part[CONTROL_KERNEL].size,
		.initramfs = m->part[CONTROL_INITRAMFS].size,
		.command_line = strlen(g->command_line),
	};
	memcpy(out->name, g->name, sizeof(out->name));
	for (u32 i = 0; i < g->nets; i++)
		memcpy(out->net[i].mac, g->mac[i], sizeof(out->net[i].mac));
	for (u32 i = 0; i < g->disks; i++) {
		enum err e = disk_sectors(m, &g->disk[i], &out->disk[i].sectors);
		if (e)
			return e;
		out->disk[i].read_only = g->disk[i].read_only;
	}
	return OK;
}

static enum err load_bytes(struct making *m, struct control_load *at, const u8 *bytes, u32 n)
{
	enum err e = channel_ask(m->channel, CONTROL_LOAD, &(struct frame_body){ at, sizeof(*at), bytes, n });

	at->offset += n;
	return e ? refused(m, e, "the hypervisor did not take the guest's parts") : OK;
}

static enum err load_file(struct making *m, enum control_part which)
{
	struct control_load at = { .id = m->id, .part = (u32)which };
	const struct part *p = &m->part[which];
	enum err e = OK;
	u8 piece[PIECE];

	while (at.offset < p->size && !e) {
		u64 left = p->size - at.offset;
		u32 n = left < PIECE ? (u32)left : PIECE;

		if (read_at(p->fd, at.offset, piece, n))
			return refused(m, ERR_IO, "a file of the guest cannot be read to its end");
		e = load_bytes(m, &at, piece, n);
		meter_advance(m->meter, n);
	}
	return e;
}

static enum err load_all(struct making *m)
{
	struct control_load line = { .id = m->id, .part = CONTROL_COMMAND_LINE };
	const char *text = m->g->command_line;
	enum err e = load_file(m, CONTROL_KERNEL);

	if (!e)
		e = load_file(m, CONTROL_INITRAMFS);
	if (!e && text[0])
		e = load_bytes(m, &line, (const u8 *)text, (u32)strlen(text));
	return e;
}

static enum err announce(struct making *m, const struct control_create *shape)
{
	struct control_guest_id answer;
	struct control_guest there;
	enum err e = guest_find(m->channel, shape->name, &there);

	if (!e) {
		(void)format(m->why, GUEST_WHY_SIZE, "a guest called %s is there already", shape->name);
		return ERR_GUEST_STATE;
	}
	if (e == ERR_RANGE)
		e = channel_get(m->channel, CONTROL_CREATE, shape, sizeof(*shape), &answer, sizeof(answer));
	if (e)
		return refused(m, e, "the hypervisor did not make the guest");
	m->id = answer.id;
	return OK;
}

static void unmake(struct making *m)
{
	struct control_guest_id half = { .id = m->id };

	guest_disks_forget(m->disks, m->id);
	/* What could not be destroyed shows in the list of guests, as new. */
	(void)!channel_get(m->channel, CONTROL_DESTROY, &half, sizeof(half), NULL, 0);
}

static enum err make(struct making *m)
{
	struct control_create shape;
	enum err e = fill_shape(m, &shape);

	if (!e)
		e = announce(m, &shape);
	if (e)
		return e;
	e = guest_disks_offer(m->disks, m->id, m->g);
	if (e)
		(void)tell_path(m, e, m->disks);
	else
		e = load_all(m);
	if (e)
		unmake(m);
	return e;
}

enum err guest_make(struct channel *c, const struct guest_file *g, const char *disks, const struct meter *meter,
        u32 *id, char why[GUEST_WHY_SIZE])
{
	struct making m = { .channel = c, .g = g, .disks = disks, .meter = meter, .why = why };

	why[0] = '\0';
	for (u32 i = 0; i < CONTROL_PARTS; i++)
		m.part[i].fd = -1;
	enum err e = open_part(&m, g->kernel, &m.part[CONTROL_KERNEL]);
	if (!e)
		e = open_part(&m, g->initramfs, &m.part[CONTROL_INITRAMFS]);
	if (!e)
		e = make(&m);
	file_close(m.part[CONTROL_KERNEL].fd);
	file_close(m.part[CONTROL_INITRAMFS].fd);
	*id = m.id;
	return e;
}

u64 guest_make_size(const struct guest_file *g)
{
	const char *const paths[] = { g->kernel, g->initramfs };
	u64 sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct part p = { .fd = -1 };

		if (paths[i][0] && file_open(paths[i], &p.fd, &p.size) == OK)
			sum += p.size;
		file_close(p.fd);
	}
	return sum;
}
