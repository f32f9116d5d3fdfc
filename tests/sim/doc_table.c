/*
 * Tables out of Markdown pages.
 * Trust: test code.
 */
#include "tests/sim/doc_table.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 1024 };

/* Copies text without the blanks around it. */
static bool take_cell(char to[DOC_CELL], const char *from, size_t n)
{
	while (n > 0 && *from == ' ') {
		from++;
		n--;
	}
	while (n > 0 && from[n - 1] == ' ')
		n--;
	if (n >= DOC_CELL)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

static bool take_row(struct doc_table *t, const char *line)
{
	u32 column = 0;

	if (t->rows == DOC_ROWS)
		return false;
	for (const char *at = line + 1, *bar; (bar = strchr(at, '|')); at = bar + 1) {
		if (column == DOC_COLUMNS || !take_cell(t->cell[t->rows][column], at, (size_t)(bar - at)))
			return false;
		column++;
	}
	t->columns = column;
	t->rows++;
	return column > 0;
}

static bool read_line(FILE *f, char line[LINE_SIZE])
{
	if (!fgets(line, LINE_SIZE, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool read_table(FILE *f, const char *header, struct doc_table *t)
{
	char line[LINE_SIZE];

	do {
		if (!read_line(f, line))
			return false;
	} while (strcmp(line, header) != 0);
	if (!read_line(f, line) || strncmp(line, "|-", 2) != 0)
		return false;
	while (read_line(f, line) && line[0] == '|') {
		if (!take_row(t, line))
			return false;
	}
	return t->rows > 0;
}

bool doc_table_read(const char *path, const char *header, struct doc_table *out)
{
	FILE *f = fopen(path, "r");
	bool found;

	memset(out, 0, sizeof(*out));
	if (!f)
		return false;
	found = read_table(f, header, out);
	fclose(f);
	return found;
}
