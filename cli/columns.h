/*
 * Tables for people: rows of cells, each column as wide as its widest cell.
 * Trust: cells may hold outside text; it is printed without control characters.
 */
#ifndef SIGNET_CLI_COLUMNS_H
#define SIGNET_CLI_COLUMNS_H

#include "lib/types.h"

#include <stdio.h>

enum { COLUMNS_MAX = 12 };

struct columns {
	u32 width; /* cells a row */
	u32 right; /* one bit a column that is set to the right */
	size_t count, room;
	char **cells;
	bool failed; /* memory ran out: nothing is printed */
};

/* headings: width of them, the first row. */
void columns_begin(struct columns *c, const char *const headings[], u32 width, u32 right);
/* The next cell; "" prints as "-". */
void columns_add(struct columns *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints all rows, frees. False, and said so, when memory ran out. */
bool columns_end(struct columns *c, FILE *to);

#endif
