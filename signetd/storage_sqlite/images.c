/* Published images in SQLite. Trust: see sqlite.h. */
#include "signetd/storage_images.h"
#include "signetd/storage_sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE images (digest BLOB PRIMARY KEY, whole INTEGER NOT NULL, blob BLOB NOT NULL, length INTEGER NOT "
	"NULL,"
	" published INTEGER NOT NULL, head BLOB NOT NULL) STRICT",
	/* Whole is who can be installed, which takes the list of leaves; so they are to be published again. */
	"ALTER TABLE images ADD COLUMN leaves BLOB; UPDATE images SET whole = 0",
	NULL,
};

const struct schema schema_images = { "images", steps };

static enum err put(struct storage *s, const struct image_entry *i, const u8 *head, size_t n)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "INSERT INTO images (digest, whole, blob, length, published, head, leaves)"
	        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (digest) DO UPDATE SET whole = 1,"
	        " blob = excluded.blob, length = excluded.length, leaves = excluded.leaves WHERE excluded.whole = 1");

	sqlite_bind_bytes(q, 1, i->digest, sizeof(i->digest));
	sqlite_bind_number(q, 2, i->whole);
	sqlite_bind_bytes(q, 3, i->blob, sizeof(i->blob));
	sqlite_bind_number(q, 4, i->length);
	sqlite_bind_number(q, 5, i->published);
	sqlite_bind_bytes(q, 6, head, n);
	sqlite_bind_bytes(q, 7, i->leaves, sizeof(i->leaves));
	return sqlite_run(s, q);
}

static enum err take(sqlite3_stmt *q, struct image_entry *out)
{
	enum err e = sqlite_bytes(q, 0, out->digest, sizeof(out->digest));

	out->whole = sqlite_number(q, 1) == 1;
	if (!e)
		e = sqlite_bytes(q, 2, out->blob, sizeof(out->blob));
	out->length = sqlite_number(q, 3);
	out->published = sqlite_number(q, 4);
	memset(out->leaves, 0, sizeof(out->leaves));
	if (!e && out->whole)
		e = sqlite_bytes(q, 6, out->leaves, sizeof(out->leaves));
	return e;
}

static enum err find(struct storage *s, const u8 digest[SHA384_SIZE], struct image_entry *out, u8 **head, size_t *n)
{
	sqlite3_stmt *q = sqlite_query(
	        s, "SELECT digest, whole, blob, length, published, head, leaves FROM images WHERE digest = ?1");

	sqlite_bind_bytes(q, 1, digest, SHA384_SIZE);
	enum err e = sqlite_next(s, q);
	if (e)
		return e;
	e = take(q, out);
	if (!e && head) {
		const void *bytes = sqlite3_column_blob(q, 5);
		*n = (size_t)sqlite3_column_bytes(q, 5);
		*head = bytes ? malloc(*n) : NULL;
		if (*head)
			memcpy(*head, bytes, *n);
		e = *head ? OK : ERR_NO_MEMORY;
	}
	sqlite_end(q);
	return e;
}

static enum err read_images(struct storage *s,
        enum err (*visit)(void *context, const struct image_entry *i, const u8 *head, size_t n), void *context)
{
	sqlite3_stmt *q = sqlite_query(s,
	        "SELECT digest, whole, blob, length, published, head, leaves FROM images ORDER BY published DESC, "
	        "rowid DESC");
	struct image_entry i;
	enum err e;

	while ((e = sqlite_next(s, q)) == OK && (e = take(q, &i)) == OK)
		if ((e = visit(context, &i, sqlite3_column_blob(q, 5), (size_t)sqlite3_column_bytes(q, 5))) != OK)
			break;
	return sqlite_walked(q, e);
}

const struct image_ops sqlite_images = { put, find, read_images };
