/*
 * The data folder and what is opened in it.
 * Trust: runs as the fleet server's own user; the folder is his alone.
 */
#include "signetd/server.h"

#include "keys/files.h"
#include "signetd/blobs.h"
#include "signetd/descriptors.h"
#include "signetd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Two servers on one folder would each issue the same sequence numbers. */
static enum err take_lock(struct server *s)
{
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/lock", s->folder);

	if (e)
		return e;
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, SECRET_MODE);
	if (s->lock < 0) {
		journal(JOURNAL_ERROR, "%s: %m", path);
		return ERR_IO;
	}
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return OK;
	journal(JOURNAL_ERROR, "%s: another signetd uses this folder", path);
	(void)close(s->lock);
	s->lock = -1;
	return ERR_IO;
}

enum err server_configuration(const char *folder, struct config *out)
{
	char path[PATH_MAX], message[CONFIG_MESSAGE_SIZE];
	enum err e = path_make(path, sizeof(path), "%s/signetd.ini", folder);

	if (e)
		return e;
	e = config_read(path, out, message);
	if (e == ERR_CONFIGURATION)
		journal(JOURNAL_ERROR, "%s", message);
	if (e && access(path, F_OK) != 0 && errno == ENOENT)
		journal(JOURNAL_ERROR, "this is no data folder: `signetd --init DIR` makes one");
	return e;
}

/* A fleet without nodes, operators' records and audit log must not come to be because a file was lost. */
static enum err find_database(const struct server *s, const char *path)
{
	if (s->fresh || access(path, F_OK) == 0)
		return OK;
	journal(JOURNAL_ERROR, "%s: %s: bring the folder back from a backup, or make another with `signetd --init`",
	        path, strerror(errno));
	return ERR_IO;
}

static enum err open_storage(struct server *s)
{
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/signetd.db", s->folder);

	if (!e)
		e = find_database(s, path);
	if (!e)
		e = storage_sqlite_open(path, &s->storage);
	if (!e)
		e = path_make(s->blobs, sizeof(s->blobs), "%s/blobs", s->folder);
	if (!e)
		e = blobs_open(s->blobs);
	if (e)
		journal(JOURNAL_ERROR, "%s: %s", s->folder, err_text(e));
	return e;
}

static void close_parts(struct server *s, size_t opened)
{
	while (opened--)
		if (parts[opened]->close)
			parts[opened]->close(s);
}

static enum err open_parts(struct server *s)
{
	for (size_t i = 0; i < part_count; i++) {
		enum err e = parts[i]->open ? parts[i]->open(s) : OK;

		if (e) {
			journal(JOURNAL_ERROR, "%s: %s (error %d)", parts[i]->name, err_text(e), (int)e);
			/* The one that failed may have opened half of itself. */
			close_parts(s, i + 1);
			return e;
		}
	}
	return OK;
}

static void release(struct server *s)
{
	if (s->storage)
		s->storage->transaction->close(s->storage);
	s->storage = NULL;
	if (s->lock >= 0)
		(void)close(s->lock);
	s->lock = -1;
}

enum err server_open(struct server *s)
{
	enum err e = server_configuration(s->folder, &s->config);

	s->lock = -1;
	if (!e)
		e = take_lock(s);
	if (!e)
		e = open_storage(s);
	if (!e)
		e = open_parts(s);
	if (e)
		release(s);
	return e;
}

void server_close(struct server *s)
{
	close_parts(s, part_count);
	release(s);
}

void server_reload(struct server *s)
{
	struct config next;
	const char *fixed;

	if (server_configuration(s->folder, &next) || descriptors_ensure(&next)) {
		journal(JOURNAL_ERROR, "the configuration in force stays as it was");
		return;
	}
	fixed = config_fixed_difference(&s->config, &next);
	if (fixed)
		journal(JOURNAL_WARNING, "signetd.ini: a change of \"%s\" takes a restart", fixed);
	memcpy(next.listen, s->config.listen, sizeof(next.listen));
	s->config = next;
	journal(JOURNAL_NOTICE, "configuration read again");
}
