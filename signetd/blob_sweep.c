/* Which blobs records name, and the rest's end. Trust: see the header. */
#include "signetd/blob_sweep.h"

#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/journal.h"
#include "signetd/storage_guests.h"
#include "signetd/storage_images.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

struct names {
	u8 (*each)[SHA384_SIZE];
	size_t count, room;
};

static enum err add(struct names *n, const u8 digest[SHA384_SIZE])
{
	enum { FIRST = 64 };

	if (n->count == n->room) {
		size_t room = n->room ? 2 * n->room : FIRST;
		void *more = realloc(n->each, room * SHA384_SIZE);

		if (!more)
			return ERR_NO_MEMORY;
		n->each = more;
		n->room = room;
	}
	memcpy(n->each[n->count++], digest, SHA384_SIZE);
	return OK;
}

static enum err add_image(void *context, const struct image_entry *i, const u8 *head, size_t n)
{
	enum err e = add(context, i->blob);

	(void)head;
	(void)n;
	return e ? e : add(context, i->leaves);
}

static enum err add_part(struct names *n, yyjson_val *definition, const char *part)
{
	const char *text = yyjson_get_str(yyjson_obj_get(definition, part));
	u8 digest[SHA384_SIZE];

	return text && hex_decode(text, digest, sizeof(digest)) ? add(n, digest) : OK;
}

/* What cannot be read may name anything: then nothing is removed. */
static enum err add_guest(void *context, const struct guest_entry *g)
{
	yyjson_doc *doc = yyjson_read(g->definition, strlen(g->definition), 0);
	yyjson_val *definition = yyjson_doc_get_root(doc);
	enum err e = doc ? add_part(context, definition, "kernel") : ERR_STORAGE;

	if (!e)
		e = add_part(context, definition, "initramfs");
	yyjson_doc_free(doc);
	return e;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA384_SIZE);
}

static bool is_named(const void *context, const u8 digest[SHA384_SIZE])
{
	const struct names *n = context;

	return n->count && bsearch(digest, n->each, n->count, SHA384_SIZE, compare);
}

static enum err collect(struct storage *s, struct names *n)
{
	enum err e = s->images->read(s, add_image, n);

	if (!e)
		e = s->guests->read_all(s, add_guest, n);
	if (!e && n->count)
		qsort(n->each, n->count, SHA384_SIZE, compare);
	return e;
}

enum err blob_sweep(struct server *s)
{
	struct names n = { .count = 0 };
	u32 removed = 0;
	enum err e = collect(s->storage, &n);

	if (!e)
		e = blobs_sweep(s->blobs, is_named, &n, &removed);
	if (removed)
		journal(JOURNAL_NOTICE, "%u blobs that nothing names were removed", removed);
	free(n.each);
	return e;
}
