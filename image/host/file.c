/* Exact file access and atomic outputs. Trust: runs as the operator. */
#include "image/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_CHUNK = 1 << 18 };

void meter_advance(const struct meter *m, u64 bytes)
{
	if (m && m->advance)
		m->advance(m->context, bytes);
}

enum err meter_look(const struct meter *m)
{
	if (!m || !m->given_up || !m->given_up(m->context))
		return OK;
	errno = ECANCELED;
	return ERR_IO;
}

enum err read_at(int fd, u64 offset, void *to, size_t n)
{
	u8 *at = to;

	while (n) {
		ssize_t got = pread(fd, at, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENODATA;
		if (got <= 0)
			return ERR_IO;
		at += got;
		offset += (u64)got;
		n -= (size_t)got;
	}
	return OK;
}

enum err write_at(int fd, u64 offset, const void *from, size_t n)
{
	const u8 *at = from;

	while (n) {
		ssize_t put = pwrite(fd, at, n, (off_t)offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ERR_IO;
		at += put;
		offset += (u64)put;
		n -= (size_t)put;
	}
	return OK;
}

enum err write_stream(int fd, const void *from, size_t n)
{
	const u8 *at = from;

	while (n) {
		ssize_t put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ERR_IO;
		at += put;
		n -= (size_t)put;
	}
	return OK;
}

enum err copy_range(int from, u64 from_offset, int to, u64 to_offset, u64 n)
{
	static u8 buffer[COPY_CHUNK];

	for (u64 done = 0; done < n;) {
		size_t chunk = n - done < sizeof(buffer) ? (size_t)(n - done) : sizeof(buffer);
		enum err e = read_at(from, from_offset + done, buffer, chunk);
		if (e)
			return e;
		e = write_at(to, to_offset + done, buffer, chunk);
		if (e)
			return e;
		done += chunk;
	}
	return OK;
}

static enum err file_length(int fd, u64 *length)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ERR_IO;
	if (S_ISREG(st.st_mode)) {
		*length = (u64)st.st_size;
		return OK;
	}
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, length) == 0 ? OK : ERR_IO;
	errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
	return ERR_IO;
}

enum err file_open(const char *path, int *fd, u64 *length)
{
	/* O_NONBLOCK: opening a FIFO by mistake must not hang. */
	int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (opened < 0)
		return ERR_IO;
	enum err e = file_length(opened, length);
	if (e) {
		file_close(opened);
		return e;
	}
	*fd = opened;
	return OK;
}

void file_close(int fd)
{
	int cause = errno;

	if (fd >= 0)
		close(fd);
	errno = cause;
}

enum err path_join(char out[PATH_MAX], const char *directory, const char *name)
{
	if (snprintf(out, PATH_MAX, "%s/%s", directory, name) < PATH_MAX)
		return OK;
	errno = ENAMETOOLONG;
	return ERR_IO;
}

enum err file_read(const char *path, u8 *to, size_t room, size_t *n)
{
	int fd;
	u64 length;
	enum err e = file_open(path, &fd, &length);

	if (e)
		return e;
	e = length > room ? ERR_RANGE : read_at(fd, 0, to, (size_t)length);
	*n = (size_t)length;
	file_close(fd);
	return e;
}

/* Replacing an image keeps who may read it; a new one gets what the umask leaves. */
static enum err copy_mode(const char *path, int fd)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return fchmod(fd, st.st_mode & 0777) == 0 ? OK : ERR_IO;
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0 ? OK : ERR_IO;
}

enum err output_open(const char *path, struct output *o)
{
	o->fd = -1;
	if (snprintf(o->path, sizeof(o->path), "%s", path) >= PATH_MAX ||
	        snprintf(o->temporary, sizeof(o->temporary), "%s.XXXXXX", path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return ERR_IO;
	}
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd < 0)
		return ERR_IO;
	enum err e = copy_mode(path, o->fd);
	if (e)
		output_discard(o);
	return e;
}

static enum err flush_directory_of(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) + 1 : 1;

	snprintf(directory, sizeof(directory), "%.*s", n, slash ? path : ".");
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	enum err e = fsync(fd) == 0 ? OK : ERR_IO;
	close(fd);
	return e;
}

enum err output_commit(struct output *o)
{
	if (fsync(o->fd) != 0 || rename(o->temporary, o->path) != 0) {
		output_discard(o);
		return ERR_IO;
	}
	close(o->fd);
	o->fd = -1;
	return flush_directory_of(o->path);
}

void output_discard(struct output *o)
{
	int cause = errno;

	if (o->fd >= 0) {
		close(o->fd);
		unlink(o->temporary);
		o->fd = -1;
	}
	errno = cause;
}

enum err file_write(const char *path, const u8 *bytes, size_t n)
{
	struct output o;
	enum err e = output_open(path, &o);

	if (e)
		return e;
	e = write_at(o.fd, 0, bytes, n);
	if (e) {
		output_discard(&o);
		return e;
	}
	return output_commit(&o);
}
