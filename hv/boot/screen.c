/*
 * Text on the frame buffer: white on black, which is the same in every format. Trust: in the TCB; pure.
 */
#include "hv/boot/screen.h"

#include "lib/bytes.h"
#include "lib/print.h"

#include <string.h>

enum {
	CELL_WIDTH = FONT_WIDTH + 1,
	CELL_HEIGHT = FONT_HEIGHT + 3,
	/* Dots are doubled from here on: read from across a rack. */
	WIDTH_DOUBLED = 1024,
	COLUMNS_LEAST = 40,
	COLUMNS_MAX = 100,
	MARGIN = 2,
	ROW_FIRST = 2,
	ROW_REPORT = ROW_FIRST + SCREEN_LINES + 1,
	LABEL = 10,
	PIXEL_SIZE = 4,
	BLACK = 0,
	WHITE = 0xFFFFFF,
};

static struct {
	u8 *pixels;
	u32 stride, scale;
	u32 columns, rows;
	u32 row, column; /* of the report */
} screen;

static bool dot(u64 glyph, u32 x, u32 y)
{
	return x < FONT_WIDTH && y < FONT_HEIGHT && glyph >> ((FONT_HEIGHT - y) * FONT_WIDTH - 1 - x) & 1;
}

static void put(u32 column, u32 row, char c)
{
	u64 glyph = font[c >= ' ' && c <= '~' ? c - ' ' : '?' - ' '];
	u32 scale = screen.scale, width = CELL_WIDTH * scale, height = CELL_HEIGHT * scale;
	u8 *line = screen.pixels + (u64)row * height * screen.stride;

	for (u32 y = 0; y < height; y++, line += screen.stride) {
		for (u32 x = 0; x < width; x++)
			store_le32(line + (u64)PIXEL_SIZE * (column * width + x),
			        dot(glyph, x / scale, y / scale) ? WHITE : BLACK);
	}
}

/* Up to the column given, what text does not fill is blank. */
static void put_text(u32 column, u32 end, u32 row, const char *text)
{
	for (; column < end; column++)
		put(column, row, (char)(*text ? *text++ : ' '));
}

void screen_set(enum screen_line line, const char *text)
{
	static const char *const label[SCREEN_LINES] = { "release", "slot", "node", "address", "gate", "waits" };

	if (!screen.columns)
		return;
	put_text(MARGIN, MARGIN + LABEL, ROW_FIRST + line, label[line]);
	put_text(MARGIN + LABEL, screen.columns, ROW_FIRST + line, text);
}

void screen_report(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || screen.column >= screen.columns) {
			screen.row++;
			screen.column = MARGIN;
		}
		if (text[i] != '\n' && screen.row < screen.rows)
			put(screen.column++, screen.row, text[i]);
	}
}

void screen_start(const struct boot_info *info)
{
	char text[2 * HANDOFF_TEXT_SIZE + 16];
	u32 scale = info->width < WIDTH_DOUBLED ? 1 : 2;
	u32 columns = info->width / (CELL_WIDTH * scale), rows = info->height / (CELL_HEIGHT * scale);

	memset(&screen, 0, sizeof(screen));
	if (columns < COLUMNS_LEAST || rows <= ROW_REPORT)
		return;
	screen.pixels = (u8 *)(uintptr_t)info->framebuffer.base;
	screen.stride = info->stride;
	screen.scale = scale;
	screen.columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
	screen.rows = rows;
	screen.row = ROW_REPORT;
	screen.column = MARGIN;
	for (u32 y = 0; y < info->height; y++)
		memset(screen.pixels + (u64)y * info->stride, BLACK, (u64)info->width * PIXEL_SIZE);
	format(text, sizeof(text), "%s %s, SVN %u", info->product, info->release, info->svn);
	screen_set(SCREEN_RELEASE, text);
	format(text, sizeof(text), "%c, %s", info->slot ? 'b' : 'a', info->reason_text);
	screen_set(SCREEN_SLOT, text);
}
