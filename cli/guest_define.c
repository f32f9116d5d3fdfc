/* Definitions of guests. Trust: see the header. */
#include "cli/guest_define.h"

#include "agent/guest/guest_load.h"
#include "cli/image_common.h"
#include "lib/print.h"

#include <string.h>

enum { PIECE = 65536 };

static enum err hash_file(struct guest_part *p, struct progress *bar)
{
	static u8 piece[PIECE];
	u8 digest[SHA384_SIZE];
	struct sha384 h;

	sha384_init(&h);
	for (u64 at = 0; at < p->size; at += PIECE) {
		size_t n = p->size - at < PIECE ? (size_t)(p->size - at) : PIECE;
		enum err e = read_at(p->fd, at, piece, n);

		if (e)
			return e;
		sha384_update(&h, piece, n);
		progress_add(bar, n);
	}
	sha384_final(&h, digest);
	hex_encode(p->digest, digest, sizeof(digest));
	return OK;
}

static enum err open_part(const char *guest_path, const char *path, struct guest_part *p)
{
	const char *slash = strrchr(guest_path, '/');
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - guest_path + 1);
	struct progress bar;
	int n = snprintf(p->path, sizeof(p->path), "%.*s%s", folder, guest_path, path);
	enum err e = n < 0 || (size_t)n >= sizeof(p->path) ? ERR_RANGE : file_open(p->path, &p->fd, &p->size);

	if (!e && p->size == 0)
		e = ERR_RANGE;
	if (e)
		return e;
	progress_begin(&bar, "hashing", p->size);
	e = hash_file(p, &bar);
	progress_end(&bar);
	return e;
}

static enum exit_code open_parts(const char *path, struct guest_source *s)
{
	enum err e = open_part(path, s->file.kernel, &s->kernel);

	if (e)
		return complain_file(e, "paths start at the folder that the guest's file lies in", "cannot use kernel",
		        s->kernel.path);
	if (s->file.initramfs[0])
		e = open_part(path, s->file.initramfs, &s->initramfs);
	return e ? complain_file(e, "paths start at the folder that the guest's file lies in", "cannot use initramfs",
	                   s->initramfs.path)
	         : EXIT_OK;
}

/* Kernel and initramfs come from here, disks do not: their paths mean the node's. */
static enum exit_code check_disks(const char *path, const struct guest_file *g)
{
	for (u32 i = 0; i < g->disks; i++)
		if (g->disk[i].path[0] != '/') {
			note("%s: disk %s is no absolute path", path, g->disk[i].path);
			note("disks are the node's own: say where on the node it is, as /store/%s", g->disk[i].path);
			return EXIT_FAILED;
		}
	return EXIT_OK;
}

enum exit_code guest_source_open(const char *path, struct guest_source *out)
{
	*out = (struct guest_source){ .kernel = { .fd = -1 }, .initramfs = { .fd = -1 } };
	enum exit_code code = guest_file_open(path, &out->file);

	if (code == EXIT_OK)
		code = check_disks(path, &out->file);
	if (code == EXIT_OK)
		code = open_parts(path, out);
	if (code != EXIT_OK)
		guest_source_close(out);
	return code;
}

void guest_source_close(struct guest_source *s)
{
	file_close(s->kernel.fd);
	file_close(s->initramfs.fd);
}

static void put_disks(const struct guest_file *g, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "disks");

	for (u32 i = 0; i < g->disks; i++) {
		yyjson_mut_val *disk = yyjson_mut_arr_add_obj(doc, list);

		(void)yyjson_mut_obj_add_str(doc, disk, "path", g->disk[i].path);
		(void)yyjson_mut_obj_add_bool(doc, disk, "readOnly", g->disk[i].read_only);
	}
}

static void put_nets(const struct guest_file *g, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "nets");
	char text[18];

	for (u32 i = 0; i < g->nets; i++) {
		const u8 *m = g->mac[i];

		(void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
		(void)yyjson_mut_arr_add_strcpy(doc, list, text);
	}
}

yyjson_mut_doc *guest_definition(const struct guest_source *s, bool autostart)
{
	const struct guest_file *g = &s->file;
	yyjson_mut_doc *doc = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);

	(void)yyjson_mut_obj_add_str(doc, root, "name", g->name);
	(void)yyjson_mut_obj_add_uint(doc, root, "memory", g->memory);
	(void)yyjson_mut_obj_add_uint(doc, root, "vcpus", g->vcpus);
	(void)yyjson_mut_obj_add_str(doc, root, "kernel", s->kernel.digest);
	if (s->initramfs.fd >= 0)
		(void)yyjson_mut_obj_add_str(doc, root, "initramfs", s->initramfs.digest);
	else
		(void)yyjson_mut_obj_add_null(doc, root, "initramfs");
	(void)yyjson_mut_obj_add_str(doc, root, "commandLine", g->command_line);
	put_disks(g, doc, root);
	put_nets(g, doc, root);
	(void)yyjson_mut_obj_add_bool(doc, root, "autostart", autostart);
	return doc;
}

static enum exit_code upload_part(struct fleet_client *c, const struct guest_part *p, const char *what)
{
	bool there;
	enum exit_code code;

	if (p->fd < 0)
		return EXIT_OK;
	code = fleet_has(c, &there, "blob-unknown", "/v1/blobs/%s", p->digest);
	if (code != EXIT_OK || there)
		return code;
	return fleet_put_file(c, p->fd, p->size, what, NULL, "/v1/blobs/%s", p->digest);
}

enum exit_code guest_upload(struct fleet_client *c, const struct guest_source *s)
{
	enum exit_code code = upload_part(c, &s->kernel, "uploading kernel");

	return code == EXIT_OK ? upload_part(c, &s->initramfs, "uploading initramfs") : code;
}
