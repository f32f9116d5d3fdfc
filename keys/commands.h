/*
 * The commands of `signet keys`, and what they share.
 * Trust: runs as the operator.
 */
#ifndef SIGNET_KEYS_COMMANDS_H
#define SIGNET_KEYS_COMMANDS_H

#include "cli/command.h"
#include "keys/store.h"

#define OPTION_PASSPHRASE                                                                                              \
	{                                                                                                              \
		.name = "passphrase-file",                                                                             \
		.argument = "FILE",                                                                                    \
		.help = "first line unlocks the private keys; - for standard input",                                   \
	}
#define OPTION_ROOTS                                                                                                   \
	{                                                                                                              \
		.name = "roots",                                                                                       \
		.argument = "DIR",                                                                                     \
		.repeatable = true,                                                                                    \
		.help = "directory that holds further root keys, as a mounted medium",                                 \
	}

enum exit_code keys_init(const struct args *args);
enum exit_code keys_list(const struct args *args);
enum exit_code keys_rotate(const struct args *args);
enum exit_code keys_revoke(const struct args *args);
enum exit_code keys_export(const struct args *args);
enum exit_code keys_authorize(const struct args *args);

/* What to do about an error of key files; NULL when there is nothing better than its words. */
const char *key_advice(enum err e);
/* The same of one file, which it names where that helps; stands until the next call. */
const char *key_file_advice(enum err e, const char *path);

/* A key directory opened for a command that has --passphrase-file. */
struct key_session {
	const char *dir;
	struct passphrase passphrase;
	struct key_set set; /* the newest */
};

/* Checks that dir is a key directory of the operator's alone and reads its newest key manifest; says what is wrong. */
enum exit_code key_directory_open(const char *dir, struct key_set *set) MUST_CHECK;

/* Says what is wrong itself; to be closed only after EXIT_OK. */
enum exit_code key_session_open(const struct args *args, struct key_session *s) MUST_CHECK;
/* The same for a directory that is no operand. */
enum exit_code key_session_open_at(const struct args *args, const char *dir, struct key_session *s) MUST_CHECK;
void key_session_close(struct key_session *s);

/*
 * Makes next the newest key set: version one up, signed by the root keys in the directory and in every --roots, written
 * as manifest-N.bin. On success the session holds it. Says what is wrong itself.
 */
enum exit_code key_session_advance(
        const struct args *args, struct key_session *s, const struct key_set *next) MUST_CHECK;

/* Moves NAME.pem and NAME + suffix into retired/ as RETIRED_NAME.*; a file that is not there is passed over. */
enum err retire_files(const char *dir, const char *name, const char *suffix, const char *retired_name) MUST_CHECK;

#endif
