/*
 * Numbered key files of a folder: NAME-N.pem and NAME-N.crt.
 * Trust: names are made here.
 */
#ifndef SIGNET_SIGNETD_KEY_FILES_H
#define SIGNET_SIGNETD_KEY_FILES_H

#include "lib/err.h"
#include "lib/types.h"

#include <limits.h>

enum err key_file_path(
        const char *folder, const char *name, u32 number, const char *suffix, char out[PATH_MAX]) MUST_CHECK;

/* 0 when there is none. */
u32 key_file_newest(const char *folder, const char *name, const char *suffix);

/* Above that number and every file of that name, whatever became of it. */
u32 key_file_next(const char *folder, const char *name, u32 above);

/* Private keys are not kept longer than they are used. */
void key_files_remove_older(const char *folder, const char *name, const char *suffix, u32 number);

#endif
