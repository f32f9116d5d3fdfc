/*
 * The blob store.
 * Trust: names are digests worked out here, or checked to be ones.
 */
#include "signetd/blobs.h"

#include "image/host/file.h"
#include "keys/files.h"
#include "lib/print.h"
#include "signetd/body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char temporary_prefix[] = "incoming-";

static void remove_leftovers(DIR *folder)
{
	struct dirent *entry;
	int at = dirfd(folder);

	while (at >= 0 && (entry = readdir(folder)))
		if (strncmp(entry->d_name, temporary_prefix, sizeof(temporary_prefix) - 1) == 0)
			(void)unlinkat(at, entry->d_name, 0);
}

enum err blobs_open(const char *folder)
{
	if (mkdir(folder, DIRECTORY_MODE) != 0 && errno != EEXIST)
		return ERR_IO;
	DIR *d = opendir(folder);
	if (!d)
		return ERR_IO;
	remove_leftovers(d);
	(void)closedir(d);
	return OK;
}

enum err blobs_sweep(const char *folder, bool (*named)(const void *context, const u8 digest[SHA384_SIZE]),
        const void *context, u32 *removed)
{
	u8 digest[SHA384_SIZE];
	struct dirent *entry;
	DIR *d = opendir(folder);

	*removed = 0;
	if (!d)
		return ERR_IO;
	int at = dirfd(d);
	while (at >= 0 && (entry = readdir(d)))
		if (hex_decode(entry->d_name, digest, sizeof(digest)) && !named(context, digest))
			*removed += unlinkat(at, entry->d_name, 0) == 0;
	(void)closedir(d);
	return OK;
}

static enum err open_temporary(struct blob_writer *w, const char *folder)
{
	enum err e = path_make(w->folder, sizeof(w->folder), "%s", folder);

	if (!e)
		e = path_make(w->temporary, sizeof(w->temporary), "%s/%sXXXXXX", folder, temporary_prefix);
	if (e)
		return e;
	w->fd = mkostemp(w->temporary, O_CLOEXEC);
	return w->fd < 0 ? ERR_IO : OK;
}

enum err blob_begin(const char *folder, struct blob_writer **out)
{
	struct blob_writer *w = calloc(1, sizeof(*w));
	enum err e;

	if (!w)
		return ERR_NO_MEMORY;
	w->fd = -1;
	e = open_temporary(w, folder);
	if (e) {
		free(w);
		return e;
	}
	sha384_init(&w->hash);
	*out = w;
	return OK;
}

enum err blob_write(struct blob_writer *w, const u8 *bytes, size_t n)
{
	enum err e = write_at(w->fd, w->length, bytes, n);

	if (e)
		return e;
	sha384_update(&w->hash, bytes, n);
	w->length += n;
	return OK;
}

enum err blob_finish(struct blob_writer *w)
{
	sha384_final(&w->hash, w->digest);
	return fsync(w->fd) == 0 ? OK : ERR_IO;
}

static enum err flush_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e;

	if (fd < 0)
		return ERR_IO;
	e = fsync(fd) == 0 ? OK : ERR_IO;
	(void)close(fd);
	return e;
}

enum err blob_keep(struct blob_writer *w)
{
	char name[DIGEST_TEXT_SIZE], path[PATH_MAX];
	enum err e;

	hex_encode(name, w->digest, sizeof(w->digest));
	e = path_make(path, sizeof(path), "%s/%s", w->folder, name);
	if (e)
		return e;
	if (rename(w->temporary, path) != 0)
		return ERR_IO;
	w->temporary[0] = 0;
	return flush_folder(w->folder);
}

void blob_discard(struct blob_writer *w)
{
	if (!w)
		return;
	if (w->temporary[0])
		(void)unlink(w->temporary);
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w);
}

static enum err blob_path(const char *folder, const char *digest, char path[PATH_MAX])
{
	u8 bytes[SHA384_SIZE];

	if (!hex_decode(digest, bytes, sizeof(bytes)))
		return ERR_ARGUMENT;
	return path_make(path, PATH_MAX, "%s/%s", folder, digest);
}

enum err blob_open(const char *folder, const char *digest, int *fd, u64 *length)
{
	char path[PATH_MAX];
	enum err e = blob_path(folder, digest, path);

	if (!e)
		e = file_open(path, fd, length);
	return e == ERR_IO && errno == ENOENT ? ERR_STORAGE_ABSENT : e;
}
