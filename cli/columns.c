/* Tables for people. Trust: see the header. */
#include "cli/columns.h"

#include "cli/answer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

static void keep(struct columns *c, char *cell)
{
	if (cell && c->count == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		char **cells = reallocarray(c->cells, room, sizeof(*cells));

		if (cells) {
			c->cells = cells;
			c->room = room;
		}
	}
	if (!cell || c->count == c->room) {
		free(cell);
		c->failed = true;
		return;
	}
	c->cells[c->count++] = cell;
}

void columns_begin(struct columns *c, const char *const headings[], u32 width, u32 right)
{
	*c = (struct columns){ .width = width <= COLUMNS_MAX ? width : COLUMNS_MAX, .right = right };
	for (u32 i = 0; i < c->width; i++)
		columns_add(c, "%s", headings[i]);
}

void columns_add(struct columns *c, const char *fmt, ...)
{
	char *cell = NULL;
	va_list list;

	va_start(list, fmt);
	if (vasprintf(&cell, fmt, list) < 0)
		cell = NULL;
	va_end(list);
	if (cell && !cell[0]) {
		free(cell);
		cell = strdup("-");
	}
	if (cell)
		plain_text(cell);
	keep(c, cell);
}

/* Characters, of which UTF-8 has one for each byte that continues none. */
static u32 width_of(const char *cell)
{
	u32 n = 0;

	for (; *cell; cell++)
		n += (*cell & 0xc0) != 0x80;
	return n;
}

static void measure(const struct columns *c, u32 widths[COLUMNS_MAX])
{
	for (size_t i = 0; i < c->count; i++) {
		u32 n = width_of(c->cells[i]);

		if (n > widths[i % c->width])
			widths[i % c->width] = n;
	}
}

static void print_cell(const struct columns *c, size_t at, const u32 widths[COLUMNS_MAX], FILE *to)
{
	u32 column = (u32)(at % c->width);
	int blanks = (int)(widths[column] - width_of(c->cells[at]));
	bool right = c->right & BIT(column), last = column + 1 == c->width;

	if (right)
		fprintf(to, "%*s", blanks, "");
	fputs(c->cells[at], to);
	if (last)
		fputc('\n', to);
	else
		fprintf(to, "%*s", (right ? 0 : blanks) + GAP, "");
}

bool columns_end(struct columns *c, FILE *to)
{
	u32 widths[COLUMNS_MAX] = { 0 };

	if (c->failed) {
		(void)complain(ERR_NO_MEMORY, NULL, "cannot print the table");
	} else {
		measure(c, widths);
		for (size_t i = 0; i < c->count; i++)
			print_cell(c, i, widths, to);
	}
	for (size_t i = 0; i < c->count; i++)
		free(c->cells[i]);
	free(c->cells);
	return !c->failed;
}
