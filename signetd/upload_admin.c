/*
 * Operators' uploads: images and other blobs. What takes long with a large file (flushing, hashing) is done on a
 * thread, so that nodes are served meanwhile; what is decided about it, and its record, are the loop's. Trust: from an
 * authenticated operator; an image is verified as a node would, whoever brings it.
 */
#include "signetd/admin.h"

#include "image/host/check.h"
#include "image/host/leaf_list.h"
#include "image/host/payload.h"
#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/fleet.h"
#include "update/leaves.h"

#include <stdlib.h>
#include <string.h>

/* The thread's own while it works: the upload is moved here from its call. */
struct upload {
	struct work work; /* first: a struct work * is one of these */
	struct blob_writer *file;
	enum err kept; /* what became of the file itself */
	/* Of an image */
	struct image_file *image;
	struct verified_image verified; /* its head */
	enum err payload;
	struct blob_writer *leaves;
	/* Of another blob */
	u8 named[SHA384_SIZE];
};

static void free_upload(struct upload *u)
{
	if (u->image)
		image_file_close(u->image);
	free(u->image);
	blob_discard(u->leaves);
	blob_discard(u->file);
	free(u);
}

static void drop(struct work *w)
{
	free_upload((struct upload *)w);
}

static struct upload *upload_of(struct call *c)
{
	struct upload *u = calloc(1, sizeof(*u));

	if (u)
		u->work.drop = drop;
	else
		answer_failure(c, ERR_NO_MEMORY, "an upload");
	return u;
}

static void start(
        struct call *c, struct upload *u, void (*run)(struct work *w), void (*then)(struct call *c, struct work *w))
{
	u->work.run = run;
	u->work.then = then;
	u->file = c->upload;
	c->upload = NULL;
	call_work(c, &u->work);
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

static bool is_given_up(void *context)
{
	return atomic_load(&((struct upload *)context)->work.given_up);
}

static struct meter meter_of(struct upload *u)
{
	return (struct meter){ .given_up = is_given_up, .context = u };
}

/* What nodes verify each leaf by. Of a payload that was just found to be the signed one. */
static enum err write_leaves(struct upload *u, const struct meter *meter)
{
	const struct manifest *m = &u->verified.manifest;
	u64 size = leaf_list_size(&u->image->layout);
	u8 *list = m->leaf_count <= LEAVES_MAX ? malloc((size_t)size) : NULL;
	enum err e = list ? leaf_list_make(u->image, meter, list, (size_t)size) : ERR_RANGE;

	if (!e)
		e = leaves_verify(list, (size_t)size, m);
	if (!e)
		e = blob_begin(u->file->folder, &u->leaves);
	if (!e)
		e = blob_write(u->leaves, list, (size_t)size);
	if (!e)
		e = blob_finish(u->leaves);
	free(list);
	return e;
}

/* On the thread. Of a whole image every byte. */
static void check_image(struct work *w)
{
	struct upload *u = (struct upload *)w;
	struct meter meter = meter_of(u);
	u32 bad;

	u->kept = meter_look(&meter);
	if (!u->kept)
		u->kept = blob_finish(u->file);
	if (u->kept || u->image->head_only)
		return;
	u->payload = payload_check(u->image, &u->verified.manifest, &meter, &bad);
	if (!u->payload)
		u->kept = write_leaves(u, &meter);
}

/* Until here the files had temporary names: a thread's work that nobody waits for any more leaves nothing behind. */
static enum err keep_image(struct upload *u)
{
	enum err e = u->kept;

	if (e || u->image->head_only)
		return e;
	e = blob_keep(u->leaves);
	return e ? e : blob_keep(u->file);
}

static enum err put_record(struct call *c, const struct upload *u, struct image_entry *out)
{
	struct storage *s = c->server->storage;

	*out = (struct image_entry){
		.whole = !u->image->head_only, .length = u->file->length, .published = fleet_wall(c->server)
	};
	memcpy(out->digest, u->verified.manifest_digest, sizeof(out->digest));
	memcpy(out->blob, u->file->digest, sizeof(out->blob));
	if (u->leaves)
		memcpy(out->leaves, u->leaves->digest, sizeof(out->leaves));
	enum err e = s->images->put(s, out, u->image->head, (size_t)u->image->layout.payload_offset);
	/* As it stands now: the head of an image that is there whole takes nothing away. */
	return e ? e : s->images->find(s, out->digest, out, NULL, NULL);
}

static void take_image(struct call *c, struct work *w)
{
	struct upload *u = (struct upload *)w;
	const struct manifest *m = &u->verified.manifest;
	struct image_entry entry;
	yyjson_mut_val *root;

	if (u->payload) {
		answer_refused(c, u->payload);
		return;
	}
	/* First of all: a record never names a blob that is not there. */
	enum err e = keep_image(u);
	if (!e)
		e = put_record(c, u, &entry);
	if (e) {
		answer_failure(c, e, "the image could not be stored");
		return;
	}
	call_note(c, "image %s, svn %u%s", m->release, m->svn, entry.whole ? "" : ", its head alone");
	yyjson_mut_doc *doc = fleet_object(&root);
	image_put_fields(doc, root, &entry, m);
	answer_json(c, 200, doc);
}

/* Signatures and policy. */
static enum err check_head(struct server *s, struct upload *u)
{
	const struct image_file *f = u->image;
	struct demands demands;

	if (!s->fleet->has_anchor)
		return ERR_BOOT_ANCHOR;
	const struct reference *r = fleet_reference(s, f->head, (size_t)f->layout.payload_offset);
	if (!r)
		return ERR_SIGNATURE_MISSING;
	u->verified = r->image;
	if (image_expired(&r->image.manifest, fleet_wall(s)))
		return ERR_IMAGE_EXPIRED;
	demands_of_fleet(s, &demands);
	return f->head_only ? OK : image_check_head(f, &demands, &u->verified);
}

void admin_put_image(struct call *c)
{
	struct upload *u = upload_of(c);

	if (!u)
		return;
	u->image = malloc(sizeof(*u->image));
	enum err e = u->image ? image_file_open(c->upload->temporary, u->image) : ERR_NO_MEMORY;
	if (e) {
		free(u->image);
		u->image = NULL;
	} else {
		e = check_head(c->server, u);
	}
	if (!e) {
		start(c, u, check_image, take_image);
		return;
	}
	if (e == ERR_NO_MEMORY)
		answer_failure(c, e, "the image could not be read");
	else
		answer_refused(c, e);
	free_upload(u);
}

/* On the thread. */
static void check_blob(struct work *w)
{
	struct upload *u = (struct upload *)w;

	u->kept = blob_finish(u->file);
}

static void answer_differs(struct call *c)
{
	answer_error(c, 409, "blob-differs", "upload it again, under the SHA-384 of its content",
	        "the content has another digest than its name");
}

static void take_blob(struct call *c, struct work *w)
{
	struct upload *u = (struct upload *)w;
	enum err e = u->kept;

	if (!e && !digest_equal(u->named, u->file->digest, sizeof(u->named))) {
		answer_differs(c);
		return;
	}
	if (!e)
		e = blob_keep(u->file);
	if (e)
		answer_failure(c, e, "the blob could not be kept");
	else
		blob_answer(c, c->parameters[0], u->file->length);
}

void admin_put_blob(struct call *c)
{
	struct upload *u = upload_of(c);

	if (!u)
		return;
	if (hex_decode(c->parameters[0], u->named, sizeof(u->named))) {
		start(c, u, check_blob, take_blob);
		return;
	}
	answer_differs(c);
	free_upload(u);
}
