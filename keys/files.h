/*
 * Files that hold secrets: read only when nobody else can, created new or not at all.
 * Trust: runs as the operator. On ERR_IO errno says what happened.
 */
#ifndef SIGNET_KEYS_FILES_H
#define SIGNET_KEYS_FILES_H

#include "lib/err.h"
#include "lib/types.h"

#include <sys/types.h>

enum { SECRET_MODE = 0600, PUBLIC_MODE = 0644, DIRECTORY_MODE = 0700 };

/*
 * Reads a whole file and ends it with a NUL, which *n does not count; room includes the NUL. ERR_KEY_FILE: not a
 * readable regular file of that size; ERR_KEY_MODE: group or others have any access.
 */
enum err secret_read(const char *path, u8 *out, size_t room, size_t *n) MUST_CHECK;

/* Creates a file and flushes it. ERR_KEY_EXISTS when something is there, ERR_IO. Nothing half-written stays. */
enum err file_create(const char *path, const void *bytes, size_t n, mode_t mode) MUST_CHECK;

/* ERR_KEY_FILE when path is no directory, ERR_KEY_MODE when others have access to it. */
enum err private_directory_check(const char *path) MUST_CHECK;

/* snprintf that fails with ERR_RANGE instead of cutting. */
enum err path_make(char *out, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4))) MUST_CHECK;

/* Removes a directory with all that is in it; follows no link. Best effort: used to clean up. */
void directory_remove(const char *path);

#endif
