/*
 * Files that hold secrets.
 * Trust: runs as the operator; modes are checked on the open file, so that it cannot be swapped in between.
 */
#include "keys/files.h"

#include "image/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS = S_IRWXG | S_IRWXO };

static enum err read_checked(int fd, u8 *out, size_t room, size_t *n)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return ERR_KEY_FILE;
	if (st.st_mode & OTHERS)
		return ERR_KEY_MODE;
	if (st.st_size < 0 || (u64)st.st_size >= room)
		return ERR_KEY_FILE;
	*n = (size_t)st.st_size;
	out[*n] = 0;
	return read_at(fd, 0, out, *n) == OK ? OK : ERR_KEY_FILE;
}

enum err secret_read(const char *path, u8 *out, size_t room, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err e;

	if (fd < 0)
		return ERR_KEY_FILE;
	e = read_checked(fd, out, room, n);
	(void)close(fd);
	return e;
}

enum err file_create(const char *path, const void *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	enum err e;

	if (fd < 0)
		return errno == EEXIST ? ERR_KEY_EXISTS : ERR_IO;
	e = write_at(fd, 0, bytes, n);
	if (!e && fsync(fd) != 0)
		e = ERR_IO;
	(void)close(fd);
	if (e)
		(void)unlink(path);
	return e;
}

enum err private_directory_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return ERR_KEY_FILE;
	return st.st_mode & OTHERS ? ERR_KEY_MODE : OK;
}

enum err path_make(char *out, size_t room, const char *fmt, ...)
{
	va_list list;
	int n;

	va_start(list, fmt);
	n = vsnprintf(out, room, fmt, list);
	va_end(list);
	return n >= 0 && (size_t)n < room ? OK : ERR_RANGE;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void directory_remove(const char *path)
{
	enum { DESCRIPTORS = 8 };

	(void)nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
