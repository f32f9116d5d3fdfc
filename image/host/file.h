/*
 * Files of the command line: exact reads and writes at an offset, and outputs that appear whole or not at all.
 * Trust: runs as the operator. On ERR_IO errno says what happened.
 */
#ifndef SIGNET_IMAGE_HOST_FILE_H
#define SIGNET_IMAGE_HOST_FILE_H

#include "lib/err.h"
#include "lib/types.h"

#include <limits.h>

/*
 * Told of bytes done, for a progress bar; a NULL meter is silent. given_up (may be NULL): nobody waits for the work any
 * more. Whoever looks ends with ERR_IO and errno ECANCELED.
 */
struct meter {
	void (*advance)(void *context, u64 bytes);
	void *context;
	bool (*given_up)(void *context);
};

void meter_advance(const struct meter *m, u64 bytes);
/* ERR_IO when it was given up. */
enum err meter_look(const struct meter *m) MUST_CHECK;

/* All n bytes or ERR_IO; a file that ends early sets errno to ENODATA. */
enum err read_at(int fd, u64 offset, void *to, size_t n) MUST_CHECK;
enum err write_at(int fd, u64 offset, const void *from, size_t n) MUST_CHECK;
/* To where the file or stream is: all of it, or ERR_IO. */
enum err write_stream(int fd, const void *from, size_t n) MUST_CHECK;
/* From one file to another, bounded memory. */
enum err copy_range(int from, u64 from_offset, int to, u64 to_offset, u64 n) MUST_CHECK;

/* Opens for reading; length is that of a regular file or block device, anything else is ERR_IO with errno ENOTSUP. */
enum err file_open(const char *path, int *fd, u64 *length) MUST_CHECK;

/* Keeps errno, which may still have to say what went wrong before. Harmless for a negative fd. */
void file_close(int fd);

/* directory/name. ERR_IO with errno ENAMETOOLONG when that is no path. */
enum err path_join(char out[PATH_MAX], const char *directory, const char *name) MUST_CHECK;

/* Reads a small file whole. ERR_RANGE when it is longer than room. */
enum err file_read(const char *path, u8 *to, size_t room, size_t *n) MUST_CHECK;

/* A temporary file beside its destination, which it replaces on commit. */
struct output {
	char path[PATH_MAX];
	char temporary[PATH_MAX];
	int fd;
};

enum err output_open(const char *path, struct output *o) MUST_CHECK;
/* Flushes content and directory: after OK a power cut no longer takes it away. Discards on failure. */
enum err output_commit(struct output *o) MUST_CHECK;
/* Harmless after a commit or another discard; keeps errno. */
void output_discard(struct output *o);

/* A small file, atomically. */
enum err file_write(const char *path, const u8 *bytes, size_t n) MUST_CHECK;

#endif
