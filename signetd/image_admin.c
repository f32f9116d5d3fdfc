/*
 * Operators' questions about images and other blobs; upload_admin.c takes new ones.
 * Trust: from an authenticated operator.
 */
#include "signetd/admin.h"

#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/fleet.h"

#include <unistd.h>

void image_put_fields(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct image_entry *i, const struct manifest *m)
{
	yyjson_mut_val *flags;

	(void)json_put_hex(doc, o, "digest", i->digest, sizeof(i->digest));
	(void)yyjson_mut_obj_add_strcpy(doc, o, "product", m->product);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "release", m->release);
	(void)yyjson_mut_obj_add_uint(doc, o, "svn", m->svn);
	flags = yyjson_mut_obj_add_arr(doc, o, "flags");
	if (m->flags & IMAGE_DEVELOPMENT)
		(void)yyjson_mut_arr_add_str(doc, flags, "development");
	if (m->flags & IMAGE_DEBUG)
		(void)yyjson_mut_arr_add_str(doc, flags, "debug");
	json_put_time(doc, o, "expiry", m->expiry);
	(void)yyjson_mut_obj_add_bool(doc, o, "whole", i->whole);
	json_put_time(doc, o, "published", i->published);
}

struct listing {
	struct server *server;
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

/* An image that does not verify any more, as after a new anchor, is not shown. */
static enum err list_one(void *context, const struct image_entry *i, const u8 *head, size_t n)
{
	struct listing *l = context;
	const struct reference *r = fleet_reference(l->server, head, n);

	if (r)
		image_put_fields(l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), i, &r->image.manifest);
	return OK;
}

void admin_list_images(struct call *c)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { c->server, doc, yyjson_mut_obj_add_arr(doc, root, "images") };
	enum err e = c->server->storage->images->read(c->server->storage, list_one, &l);

	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the images could not be read");
}

void blob_answer(struct call *c, const char *digest, u64 length)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)yyjson_mut_obj_add_strcpy(doc, root, "digest", digest);
	(void)yyjson_mut_obj_add_uint(doc, root, "length", length);
	answer_json(c, 200, doc);
}

void admin_show_blob(struct call *c)
{
	int fd;
	u64 length;
	enum err e = blob_open(c->server->blobs, c->parameters[0], &fd, &length);

	if (!e) {
		(void)close(fd);
		blob_answer(c, c->parameters[0], length);
	} else if (e == ERR_IO) {
		answer_failure(c, e, "a blob could not be read");
	} else {
		answer_error(c, 404, "blob-unknown", "upload it", "the server holds no such blob");
	}
}
