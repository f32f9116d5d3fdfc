/* Parts of guests, by their digests. Trust: see guests.h. */
#include "agent/agentd/guests.h"

#include "image/host/file.h"
#include "lib/print.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DIGEST_TEXT = 2 * SHA384_SIZE + 1, PIECE = 65536, TRIES = 5 };
/* Kernel and initramfs of sixteen guests. */
enum { BLOBS_KEPT = 32 };

static enum err make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : ERR_IO;
}

bool store_lasts(const struct agent_options *o)
{
	struct statfs s;

	return access(o->store, W_OK) == 0 && statfs(o->store, &s) == 0 && s.f_type != TMPFS_MAGIC &&
	        s.f_type != RAMFS_MAGIC;
}

static enum err blob_folder(const struct agent_options *o, char out[GUEST_PATH_MAX])
{
	const char *root = store_lasts(o) ? o->store : o->run;

	if (format(out, GUEST_PATH_MAX, "%s/blobs", root) >= GUEST_PATH_MAX - 1)
		return ERR_RANGE;
	return make_folder(out);
}

enum err blob_path(const struct agent_options *o, const u8 digest[SHA384_SIZE], char out[GUEST_PATH_MAX])
{
	char name[DIGEST_TEXT], folder[GUEST_PATH_MAX];
	enum err e = blob_folder(o, folder);

	hex_encode(name, digest, SHA384_SIZE);
	if (!e && format(out, GUEST_PATH_MAX, "%s/%s", folder, name) >= GUEST_PATH_MAX - 1)
		e = ERR_RANGE;
	return e;
}

/* The whole file's digest; what is kept lies on a disk that others write. */
static enum err digest_of(int fd, u64 length, u8 digest[SHA384_SIZE])
{
	static _Thread_local u8 piece[PIECE];
	struct sha384 h;

	sha384_init(&h);
	for (u64 at = 0; at < length;) {
		size_t n = length - at < PIECE ? (size_t)(length - at) : PIECE;
		enum err e = read_at(fd, at, piece, n);

		if (e)
			return e;
		sha384_update(&h, piece, n);
		at += n;
	}
	sha384_final(&h, digest);
	return OK;
}

static bool is_there(const char *path, const u8 digest[SHA384_SIZE])
{
	u8 found[SHA384_SIZE];
	u64 length;
	int fd;

	if (file_open(path, &fd, &length))
		return false;
	bool same = digest_of(fd, length, found) == OK && digest_equal(found, digest, SHA384_SIZE);
	file_close(fd);
	return same;
}

static enum err append(void *context, const u8 *bytes, size_t n)
{
	return write_stream(*(const int *)context, bytes, n);
}

/* From where the file ends; a server that gives the whole instead of the rest begins anew. */
static enum err fetch_rest(struct link *l, const char *target, int fd, u64 most, bool *whole)
{
	off_t have = lseek(fd, 0, SEEK_END);
	struct http_request q = { .method = "GET",
		.target = target,
		.ranged = have > 0,
		.first = have > 0 ? (u64)have : 0,
		.silence_ms = SILENCE_MS };
	struct http_answer a = { .sink = append, .context = &fd, .sink_max = have > 0 ? most - (u64)have : most };
	enum err e = link_ask(l, &q, &a);

	*whole = false;
	if (e)
		return e;
	enum agent_outcome outcome = link_outcome(l, e, &a);
	if (outcome != OUTCOME_DONE && a.head.status != 416)
		return outcome == OUTCOME_UNREACHABLE ? ERR_NET_TIMEOUT : ERR_DEVICE;
	*whole = true;
	/* Nothing fits behind what is there, or it is of another order: compare, then begin anew. */
	return a.head.status == 206 && a.head.range_first != (u64)have ? ERR_HTTP_FORMAT : OK;
}

/* A part that was cut while a guest with more memory was made is not gone on with. */
static enum err open_part(const char *path, u64 most, int *fd)
{
	*fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (*fd < 0)
		return ERR_IO;
	off_t have = lseek(*fd, 0, SEEK_END);
	if (have >= 0 && ((u64)have <= most || ftruncate(*fd, 0) == 0))
		return OK;
	file_close(*fd);
	return ERR_IO;
}

static enum err fetch(struct link *l, const char *target, const char *path, const u8 digest[SHA384_SIZE], u64 most)
{
	bool whole = false;
	enum err e = OK;

	for (u32 i = 0; i < TRIES; i++) {
		int fd;

		if (open_part(path, most, &fd))
			return ERR_IO;
		e = fetch_rest(l, target, fd, most, &whole);
		if (!e && fsync(fd) != 0)
			e = ERR_IO;
		file_close(fd);
		if (whole && is_there(path, digest))
			return OK;
		if (whole) {
			(void)unlink(path);
			e = ERR_IMAGE_CONTENT;
		}
		if (e == ERR_IO || e == ERR_DEVICE || e == ERR_HTTP_LENGTH)
			break;
	}
	return e;
}

enum err blob_need(struct link *l, const struct agent_options *o, const u8 digest[SHA384_SIZE], u64 most)
{
	char path[GUEST_PATH_MAX], partial[GUEST_PATH_MAX + 8], target[64 + DIGEST_TEXT], name[DIGEST_TEXT];
	enum err e = blob_path(o, digest, path);

	if (e)
		return e;
	if (is_there(path, digest)) {
		/* When it was used last. */
		(void)utimensat(AT_FDCWD, path, NULL, 0);
		return OK;
	}
	hex_encode(name, digest, SHA384_SIZE);
	(void)format(partial, sizeof(partial), "%s.part", path);
	(void)format(target, sizeof(target), "/node/v1/blobs/%s", name);
	e = fetch(l, target, partial, digest, most);
	if (!e)
		e = rename(partial, path) == 0 ? OK : ERR_IO;
	return e;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
	        (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* How many there are; oldest: the name of the one that was used before all others. */
static u32 find_oldest(DIR *folder, char oldest[NAME_MAX + 1])
{
	struct stat first = { 0 }, s;
	int at = dirfd(folder);
	u32 count = 0;

	rewinddir(folder);
	for (const struct dirent *entry; at >= 0 && (entry = readdir(folder));) {
		if (fstatat(at, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode))
			continue;
		if (count++ && !is_older(&s, &first))
			continue;
		first = s;
		(void)format(oldest, NAME_MAX + 1, "%s", entry->d_name);
	}
	return count;
}

void blobs_trim(const struct agent_options *o)
{
	char path[GUEST_PATH_MAX], oldest[NAME_MAX + 1];
	u32 kept = store_lasts(o) ? BLOBS_KEPT : 0;
	DIR *folder = blob_folder(o, path) ? NULL : opendir(path);

	if (!folder)
		return;
	int at = dirfd(folder);
	while (at >= 0 && find_oldest(folder, oldest) > kept)
		if (unlinkat(at, oldest, 0) != 0)
			break;
	(void)closedir(folder);
}
