/* Numbered key files. Trust: names are made here. */
#include "signetd/key_files.h"

#include "keys/files.h"
#include "keys/store.h"

#include <unistd.h>

enum { NUMBERS_MAX = 64 };

enum err key_file_path(const char *folder, const char *name, u32 number, const char *suffix, char out[PATH_MAX])
{
	return path_make(out, PATH_MAX, "%s/%s-%u%s", folder, name, number, suffix);
}

u32 key_file_newest(const char *folder, const char *name, const char *suffix)
{
	return store_newest(folder, name, suffix);
}

u32 key_file_next(const char *folder, const char *name, u32 above)
{
	u32 key = key_file_newest(folder, name, ".pem"), certificate = key_file_newest(folder, name, ".crt");
	u32 most = key > certificate ? key : certificate;

	return (most > above ? most : above) + 1;
}

void key_files_remove_older(const char *folder, const char *name, const char *suffix, u32 number)
{
	u32 numbers[NUMBERS_MAX], n, removed;
	char path[PATH_MAX];

	/* So many at a time. */
	do {
		n = store_numbers(folder, name, suffix, numbers, NUMBERS_MAX);
		removed = 0;
		for (u32 i = 0; i < n; i++)
			if (numbers[i] < number && key_file_path(folder, name, numbers[i], suffix, path) == OK)
				removed += unlink(path) == 0;
	} while (n == NUMBERS_MAX && removed);
}
