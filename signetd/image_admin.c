/*
 * Operators' requests about images and other blobs.
 * Trust: from an authenticated operator; an image is verified as a node would, whoever brings it.
 */
#include "signetd/admin.h"

#include "image/host/check.h"
#include "image/host/leaf_list.h"
#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/fleet.h"
#include "update/leaves.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_image(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct image_entry *i, const struct manifest *m)
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
		put_image(l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), i, &r->image.manifest);
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

static void answer_refused(struct call *c, enum err e)
{
	answer_error(c, 409, "image-refused", "look at it with `signet image verify`", "%s", err_text(e));
}

/* Policy of the fleet's stage, on any hardware. */
static void demands_of_fleet(const struct server *s, struct demands *out)
{
	struct trust trust = { .anchor = s->fleet->anchor, .whole = true };

	demands_of(&trust, out);
	out->policy.anchor = &s->fleet->anchor.keys;
	out->policy.hardware_class = NULL;
	/* Which stage a node has is the node's to say. */
	out->policy.stage_version = UINT32_MAX;
	out->now = fleet_wall(s);
}

/* Signatures and policy; of a whole image every byte. */
static enum err verify(const struct server *s, const struct image_file *f)
{
	struct verified_image *image = malloc(sizeof(*image));
	struct demands demands;
	u32 bad;
	enum err e = image ? OK : ERR_NO_MEMORY;

	demands_of_fleet(s, &demands);
	if (!e && !f->head_only)
		e = image_check(f, &demands, NULL, image, &bad);
	free(image);
	return e;
}

static enum err write_blob(const struct server *s, const u8 *bytes, size_t n, u8 digest[SHA384_SIZE])
{
	struct blob_writer *w = NULL;
	enum err e = blob_begin(s->blobs, &w);

	if (!e)
		e = blob_write(w, bytes, n);
	if (!e)
		e = blob_finish(w);
	if (!e) {
		memcpy(digest, w->digest, SHA384_SIZE);
		e = blob_keep(w);
	}
	blob_discard(w);
	return e;
}

/* What nodes verify each leaf by. Of a payload that was just found to be the signed one. */
static enum err keep_leaves(
        const struct server *s, const struct image_file *f, const struct manifest *m, u8 digest[SHA384_SIZE])
{
	u64 size = leaf_list_size(&f->layout);
	u8 *list = m->leaf_count <= LEAVES_MAX ? malloc((size_t)size) : NULL;
	enum err e = list ? leaf_list_make(f, list, (size_t)size) : ERR_RANGE;

	if (!e)
		e = leaves_verify(list, (size_t)size, m);
	if (!e)
		e = write_blob(s, list, (size_t)size, digest);
	free(list);
	return e;
}

static enum err publish(struct call *c, const struct image_file *f, const struct reference *r, struct image_entry *out)
{
	struct storage *s = c->server->storage;

	*out = (struct image_entry){
		.whole = !f->head_only, .length = c->upload->length, .published = fleet_wall(c->server)
	};
	memcpy(out->digest, r->image.manifest_digest, sizeof(out->digest));
	memcpy(out->blob, c->upload->digest, sizeof(out->blob));
	/* Blobs first: a record never names one that is not there. */
	enum err e = out->whole ? keep_leaves(c->server, f, &r->image.manifest, out->leaves) : OK;
	if (!e && out->whole)
		e = blob_keep(c->upload);
	if (!e)
		e = s->images->put(s, out, f->head, (size_t)f->layout.payload_offset);
	/* As it stands now: the head of an image that is there whole takes nothing away. */
	return e ? e : s->images->find(s, out->digest, out, NULL, NULL);
}

static void take_image(struct call *c, const struct image_file *f)
{
	struct image_entry entry;
	const struct reference *r = fleet_reference(c->server, f->head, (size_t)f->layout.payload_offset);
	yyjson_mut_val *root;

	if (!r) {
		answer_refused(c, c->server->fleet->has_anchor ? ERR_SIGNATURE_MISSING : ERR_BOOT_ANCHOR);
		return;
	}
	if (image_expired(&r->image.manifest, fleet_wall(c->server))) {
		answer_refused(c, ERR_IMAGE_EXPIRED);
		return;
	}
	enum err e = verify(c->server, f);
	if (e) {
		answer_refused(c, e);
		return;
	}
	e = publish(c, f, r, &entry);
	if (e) {
		answer_failure(c, e, "the image could not be stored");
		return;
	}
	call_note(c, "image %s, svn %u%s", r->image.manifest.release, r->image.manifest.svn,
	        entry.whole ? "" : ", its head alone");
	yyjson_mut_doc *doc = fleet_object(&root);
	put_image(doc, root, &entry, &r->image.manifest);
	answer_json(c, 200, doc);
}

void admin_put_image(struct call *c)
{
	struct image_file *f = malloc(sizeof(*f));
	enum err e = f ? image_file_open(c->upload->temporary, f) : ERR_NO_MEMORY;

	if (e == ERR_NO_MEMORY)
		answer_failure(c, e, "the image could not be read");
	else if (e)
		answer_refused(c, e);
	else {
		take_image(c, f);
		image_file_close(f);
	}
	free(f);
}

static void answer_blob(struct call *c, const char *digest, u64 length)
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
		answer_blob(c, c->parameters[0], length);
	} else if (e == ERR_IO) {
		answer_failure(c, e, "a blob could not be read");
	} else {
		answer_error(c, 404, "blob-unknown", "upload it", "the server holds no such blob");
	}
}

void admin_put_blob(struct call *c)
{
	u8 named[SHA384_SIZE];

	if (!hex_decode(c->parameters[0], named, sizeof(named)) ||
	        !digest_equal(named, c->upload->digest, sizeof(named))) {
		answer_error(c, 409, "blob-differs", "upload it again, under the SHA-384 of its content",
		        "the content has another digest than its name");
		return;
	}
	u64 length = c->upload->length;
	enum err e = blob_keep(c->upload);
	if (e)
		answer_failure(c, e, "the blob could not be kept");
	else
		answer_blob(c, c->parameters[0], length);
}
