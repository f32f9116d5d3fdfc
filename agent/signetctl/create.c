/* Making a guest: its shape is announced, its parts are loaded. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"
#include "image/host/file.h"

#include <string.h>

enum { PIECE = CONTROL_REQUEST_MAX - sizeof(struct control_header) - sizeof(struct control_load) };

/* What becomes of a file between announcing and loading it is its owner's fault; no more than announced is read. */
struct part {
	int fd;
	u64 size;
};

static enum exit_code open_part(const char *path, struct part *out)
{
	enum err e = path[0] ? file_open(path, &out->fd, &out->size) : OK;

	if (!e && path[0] && out->size == 0)
		e = ERR_RANGE;
	return e ? complain(e, NULL, "cannot use %s", path) : EXIT_OK;
}

/* Of the file or block device at path. */
static enum exit_code disk_sectors(const struct guest_disk *disk, u64 *sectors)
{
	struct part p = { .fd = -1 };
	enum exit_code code = open_part(disk->path, &p);

	file_close(p.fd);
	*sectors = p.size / 512;
	if (!code && *sectors == 0)
		return complain(ERR_RANGE, NULL, "%s is smaller than a sector", disk->path);
	return code;
}

static enum exit_code fill_shape(
        const struct guest_file *g, const struct part part[CONTROL_PARTS], struct control_create *out)
{
	*out = (struct control_create){
		.memory = g->memory,
		.vcpus = g->vcpus,
		.disks = g->disks,
		.nets = g->nets,
		.kernel = part[CONTROL_KERNEL].size,
		.initramfs = part[CONTROL_INITRAMFS].size,
		.command_line = strlen(g->command_line),
	};
	memcpy(out->name, g->name, sizeof(out->name));
	for (u32 i = 0; i < g->nets; i++)
		memcpy(out->net[i].mac, g->mac[i], sizeof(out->net[i].mac));
	for (u32 i = 0; i < g->disks; i++) {
		enum exit_code code = disk_sectors(&g->disk[i], &out->disk[i].sectors);
		if (code)
			return code;
		out->disk[i].read_only = g->disk[i].read_only;
	}
	return EXIT_OK;
}

static enum exit_code load_bytes(struct channel *c, struct control_load *at, const u8 *bytes, u32 n)
{
	enum err e = channel_ask(c, CONTROL_LOAD, &(struct frame_body){ at, sizeof(*at), bytes, n });

	at->offset += n;
	return e ? ctl_complain(c, e, "the hypervisor did not take the guest's parts") : EXIT_OK;
}

static enum exit_code load_file(
        struct channel *c, u32 id, enum control_part which, const struct part *p, struct progress *bar)
{
	struct control_load at = { .id = id, .part = (u32)which };
	enum exit_code code = EXIT_OK;
	u8 piece[PIECE];

	while (at.offset < p->size && !code) {
		u64 left = p->size - at.offset;
		u32 n = left < PIECE ? (u32)left : PIECE;

		if (read_at(p->fd, at.offset, piece, n))
			return complain(ERR_IO, NULL, "a file of the guest cannot be read to its end");
		code = load_bytes(c, &at, piece, n);
		progress_add(bar, n);
	}
	return code;
}

static enum exit_code load_all(
        struct channel *c, u32 id, const struct guest_file *g, const struct part part[CONTROL_PARTS])
{
	struct control_load line = { .id = id, .part = CONTROL_COMMAND_LINE };
	struct progress bar;

	progress_begin(&bar, "loading", part[CONTROL_KERNEL].size + part[CONTROL_INITRAMFS].size);
	enum exit_code code = load_file(c, id, CONTROL_KERNEL, &part[CONTROL_KERNEL], &bar);
	if (!code)
		code = load_file(c, id, CONTROL_INITRAMFS, &part[CONTROL_INITRAMFS], &bar);
	progress_end(&bar);
	if (!code && g->command_line[0])
		code = load_bytes(c, &line, (const u8 *)g->command_line, (u32)strlen(g->command_line));
	return code;
}

static enum exit_code announce(struct channel *c, const struct control_create *shape, u32 *id)
{
	struct control_guest_id answer;
	bool exists;
	enum err e = guest_exists(c, shape->name, &exists);

	if (!e && exists) {
		note("a guest called %s is there already; `signetctl destroy %s` makes room", shape->name, shape->name);
		return EXIT_FAILED;
	}
	if (!e)
		e = channel_get(c, CONTROL_CREATE, shape, sizeof(*shape), &answer, sizeof(answer));
	if (e)
		return ctl_complain(c, e, "the hypervisor did not make guest %s", shape->name);
	*id = answer.id;
	return EXIT_OK;
}

static enum exit_code create_of(struct channel *c, const struct args *args, const struct guest_file *g,
        const struct part part[CONTROL_PARTS], u32 *id)
{
	struct control_create shape;
	enum exit_code code = fill_shape(g, part, &shape);

	if (!code)
		code = announce(c, &shape, id);
	if (code)
		return code;
	code = disks_offer(args, *id, g);
	if (!code)
		code = load_all(c, *id, g, part);
	if (code) {
		struct control_guest_id half = { .id = *id };

		disks_forget(args, *id);
		if (channel_get(c, CONTROL_DESTROY, &half, sizeof(half), NULL, 0))
			note("guest %u was left half-made", *id);
	}
	return code;
}

static enum exit_code start(struct channel *c, u32 id, const char *name)
{
	struct control_guest_id order = { .id = id };
	enum err e = channel_get(c, CONTROL_START, &order, sizeof(order), NULL, 0);

	return e ? ctl_complain(c, e, "guest %s was not started", name) : EXIT_OK;
}

static enum exit_code create(struct channel *c, const struct args *args)
{
	static struct guest_file g;
	struct part part[CONTROL_PARTS] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
	u32 id = 0;
	enum exit_code code = guest_file_load(operand(args, 0), &g);

	if (!code)
		code = open_part(g.kernel, &part[CONTROL_KERNEL]);
	if (!code)
		code = open_part(g.initramfs, &part[CONTROL_INITRAMFS]);
	if (!code)
		code = create_of(c, args, &g, part, &id);
	file_close(part[CONTROL_KERNEL].fd);
	file_close(part[CONTROL_INITRAMFS].fd);
	if (code)
		return code;
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
	return code ? code : disks_offer(args, guest.id, &g);
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
