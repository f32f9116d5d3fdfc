/* What the programs that write seeds share. Trust: test code. */
#ifndef SIGNET_TESTS_FUZZ_SEED_H
#define SIGNET_TESTS_FUZZ_SEED_H

#include "lib/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Where seeds go: main's one argument. */
static const char *directory;

/* Writes one seed of a target, or ends the program. */
static inline void seed(const char *target, const char *name, const u8 *bytes, size_t n)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, target, name);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
		fprintf(stderr, "cannot write seed %s\n", path);
		exit(1);
	}
}

#endif
