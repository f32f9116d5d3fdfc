/* A guest's file with the paths in it, and where the block server finds its disks. Trust: see ctl.h. */
#include "agent/blkd/disks.h"
#include "agent/guest/guest_load.h"
#include "agent/signetctl/ctl.h"

#include <stdlib.h>
#include <string.h>

/* Paths in a guest's file start at the folder it lies in; what is handed on is absolute. */
static enum exit_code make_absolute(const char *file, char path[GUEST_PATH_MAX])
{
	char joined[2 * GUEST_PATH_MAX + 2];
	const char *slash = strrchr(file, '/');
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - file + 1);
	int n = snprintf(joined, sizeof(joined), "%.*s%s", folder, file, path);
	char *real = n > 0 && (size_t)n < sizeof(joined) ? realpath(joined, NULL) : NULL;

	if (!real || strlen(real) >= GUEST_PATH_MAX) {
		free(real);
		return complain(ERR_IO, NULL, "%s names %s, which cannot be opened", file, path);
	}
	memcpy(path, real, strlen(real) + 1);
	free(real);
	return EXIT_OK;
}

static enum exit_code make_all_absolute(const char *file, struct guest_file *g)
{
	enum exit_code code = make_absolute(file, g->kernel);

	if (!code && g->initramfs[0])
		code = make_absolute(file, g->initramfs);
	for (u32 i = 0; i < g->disks && !code; i++)
		code = make_absolute(file, g->disk[i].path);
	return code;
}

enum exit_code guest_file_load(const char *path, struct guest_file *out)
{
	enum exit_code code = guest_file_open(path, out);

	return code ? code : make_all_absolute(path, out);
}

const char *disks_folder(const struct args *args)
{
	const char *given = option_value(args, "disks");

	return given ? given : DISKS_FOLDER;
}
