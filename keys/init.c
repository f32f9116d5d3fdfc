/*
 * `signet keys init`: all keys of a fleet, in a directory that appears whole or not at all.
 * Trust: makes private keys.
 */
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/generate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_PER_ROLE_MAX = 16, PRODUCTION_KEYS = 3, PRODUCTION_THRESHOLD = 2 };

struct plan {
	const char *organisation;
	bool development;
	u64 roots, root_threshold, releases, release_threshold;
	struct passphrase passphrase;
	struct progress progress;
};

static enum exit_code read_counts(const struct args *args, struct plan *p)
{
	u64 keys = p->development ? 1 : PRODUCTION_KEYS;
	enum exit_code code = option_number(args, "roots", keys, 1, KEYS_PER_ROLE_MAX, &p->roots);
	u64 usual = p->roots < PRODUCTION_THRESHOLD ? 1 : p->development ? 1 : PRODUCTION_THRESHOLD;

	if (code == EXIT_OK)
		code = option_number(args, "root-threshold", usual, 1, p->roots, &p->root_threshold);
	if (code == EXIT_OK)
		code = option_number(args, "releases", keys, 1, KEYS_PER_ROLE_MAX, &p->releases);
	usual = p->releases < PRODUCTION_THRESHOLD ? 1 : p->development ? 1 : PRODUCTION_THRESHOLD;
	if (code == EXIT_OK)
		code = option_number(args, "release-threshold", usual, 1, p->releases, &p->release_threshold);
	return code;
}

static enum exit_code read_plan(const struct args *args, struct plan *p)
{
	const char *file = option_value(args, "passphrase-file");
	enum exit_code code;
	enum err e;

	p->development = option_given(args, "development");
	p->organisation = option_value(args, "organisation");
	if (!p->organisation)
		p->organisation = p->development ? "Signet development" : "Signet";
	if (!organisation_valid(p->organisation))
		return usage_error(args, "--organisation takes 1 to %d printable ASCII characters, none of ,+\"\\<>;=#",
		        ORGANISATION_MAX);
	code = read_counts(args, p);
	if (code != EXIT_OK)
		return code;
	e = passphrase_read(file, &p->passphrase);
	return e ? complain(e, key_file_advice(e, file), "cannot read a passphrase from %s", file) : EXIT_OK;
}

static enum err make_role(const char *dir, enum key_role role, u64 count, struct plan *p, struct key_set *set)
{
	for (u32 number = 1; number <= count; number++) {
		enum err e = chain_key_make(dir, role, number, &p->passphrase, set);

		if (e)
			return e;
		progress_add(&p->progress, 1);
	}
	return OK;
}

static enum err make_manifest(const char *dir, const struct plan *p, struct key_set *set)
{
	u8 bytes[KEY_MANIFEST_MAX];
	char path[PATH_MAX];
	struct signers roots;
	size_t n;
	enum err e = signers_open(dir, ROLE_ROOT, &p->passphrase, &roots, NULL, 0);

	if (e)
		return e;
	e = key_manifest_make(NULL, set, &roots, bytes, &n);
	signers_close(&roots);
	if (!e)
		e = path_make(path, sizeof(path), "%s/manifest-1.bin", dir);
	return e ? e : file_create(path, bytes, n, PUBLIC_MODE);
}

static enum err make_certificates(const char *dir, struct plan *p)
{
	for (size_t i = 0; i < certificate_role_count; i++) {
		enum err e = certificate_make(dir, &certificate_roles[i], p->organisation, &p->passphrase);

		if (e)
			return e;
		progress_add(&p->progress, 1);
	}
	return OK;
}

static enum err make_marks(const char *dir, const struct plan *p)
{
	static const char text[] = "Keys of this directory are for development: images signed with them say so.\n";
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/" RETIRED, dir);

	if (!e && mkdir(path, DIRECTORY_MODE) != 0)
		e = ERR_IO;
	if (e || !p->development)
		return e;
	e = path_make(path, sizeof(path), "%s/development", dir);
	return e ? e : file_create(path, text, sizeof(text) - 1, PUBLIC_MODE);
}

static enum err fill_directory(const char *dir, struct plan *p)
{
	struct key_set set = {
		.version = 1,
		.root_threshold = (u32)p->root_threshold,
		.release_threshold = (u32)p->release_threshold,
	};
	enum err e = make_marks(dir, p);

	if (!e)
		e = make_role(dir, ROLE_ROOT, p->roots, p, &set);
	if (!e)
		e = make_role(dir, ROLE_RELEASE, p->releases, p, &set);
	if (!e)
		e = make_role(dir, ROLE_POLICY, 1, p, &set);
	if (!e)
		e = make_certificates(dir, p);
	return e ? e : make_manifest(dir, p, &set);
}

/* The name appears only now, and only if nobody took it meanwhile. */
static enum err appear(const char *temporary, const char *dir)
{
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, dir, RENAME_NOREPLACE) == 0)
		return OK;
	return errno == EEXIST ? ERR_KEY_EXISTS : ERR_IO;
}

static enum err make_directory(const char *dir, struct plan *p)
{
	char temporary[PATH_MAX];
	struct stat st;
	enum err e = path_make(temporary, sizeof(temporary), "%s.new-XXXXXX", dir);

	if (e)
		return e;
	if (lstat(dir, &st) == 0)
		return ERR_KEY_EXISTS;
	if (!mkdtemp(temporary))
		return ERR_IO;
	e = fill_directory(temporary, p);
	if (!e)
		e = appear(temporary, dir);
	if (e) {
		int cause = errno;

		directory_remove(temporary);
		errno = cause;
	}
	return e;
}

/* A Ctrl-C must not leave private keys where nobody looks for them: it is held back for the few seconds this takes. */
static enum err make_undisturbed(const char *dir, struct plan *p)
{
	sigset_t held, before;
	enum err e;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	progress_begin(&p->progress, "making keys", p->roots + p->releases + 1 + certificate_role_count);
	e = make_directory(dir, p);
	progress_end(&p->progress);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return e;
}

static void report(const char *dir, const struct plan *p)
{
	printf("Made a key directory: %s%s\n", dir, p->development ? " (development)" : "");
	printf("  %llu root keys, any %llu sign; %llu release keys, any %llu sign\n", (unsigned long long)p->roots,
	        (unsigned long long)p->root_threshold, (unsigned long long)p->releases,
	        (unsigned long long)p->release_threshold);
	puts("  Secure Boot PK, KEK and db; fleet CA; policy key; key manifest 1");
	printf("Next: `signet keys export %s --out firmware` writes what the servers' firmware needs.\n", dir);
	if (!p->development)
		printf("Then move %s/root-*.pem to offline media, each root key to another place.\n", dir);
	if (!p->development && p->passphrase.length == 0)
		note("these private keys have no passphrase; --passphrase-file FILE would give them one");
}

enum exit_code keys_init(const struct args *args)
{
	struct plan plan = { 0 };
	char dir[PATH_MAX];
	enum exit_code code = read_plan(args, &plan);
	enum err e;

	if (code != EXIT_OK)
		return code;
	(void)snprintf(dir, sizeof(dir), "%s", operand(args, 0));
	for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
		dir[n - 1] = '\0';
	errno = 0;
	e = make_undisturbed(dir, &plan);
	if (!e)
		report(dir, &plan);
	passphrase_wipe(&plan.passphrase);
	if (e)
		return complain(e, key_advice(e), "cannot make key directory %s%s%s", dir, e == ERR_IO ? ": " : "",
		        e == ERR_IO ? strerror(errno) : "");
	return EXIT_OK;
}
