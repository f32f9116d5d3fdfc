/* Text for a terminal. Trust: see the header. */
#include "cli/plain.h"

#include <string.h>

size_t utf8_length(const u8 *s, size_t n)
{
	size_t length = n == 0 ? 0
	        : s[0] < 0x80  ? 1
	        : s[0] < 0xc2  ? 0
	        : s[0] < 0xe0  ? 2
	        : s[0] < 0xf0  ? 3
	        : s[0] < 0xf5  ? 4
	                       : 0;

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	        (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* Of a well-formed character. */
static u32 code_point(const u8 *s, size_t length)
{
	u32 c = length == 1 ? s[0] : s[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

/* Unicode: controls; separators of lines; zero width and direction (bidirectional formatting, joiners, tags). */
static const struct {
	u32 first, last;
} unseen[] = {
	{ 0x00, 0x1f },
	{ 0x7f, 0x9f },
	{ 0xad, 0xad },
	{ 0x61c, 0x61c },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },
	{ 0xe0000, 0xe007f },
};

static bool is_seen(u32 c)
{
	for (size_t i = 0; i < ARRAY_SIZE(unseen); i++)
		if (c >= unseen[i].first && c <= unseen[i].last)
			return false;
	return true;
}

/* The next piece: length to pass over, and whether it stays as it is. */
static size_t step(const u8 *s, size_t n, const char *kept, bool *stays)
{
	size_t length = utf8_length(s, n);

	*stays = length && (is_seen(code_point(s, length)) || (*s && strchr(kept, *s)));
	return length ? length : 1;
}

void plain_write(FILE *to, const char *text, size_t n, const char *kept)
{
	const u8 *s = (const u8 *)text;
	bool stays;

	for (size_t i = 0, length; i < n; i += length) {
		length = step(s + i, n - i, kept, &stays);
		if (stays)
			(void)fwrite(s + i, 1, length, to);
		else
			fputc('?', to);
	}
}

void print_plain(FILE *to, const char *text)
{
	plain_write(to, text, strlen(text), "");
}

void plain_text(char *text)
{
	size_t n = strlen(text), used = 0;
	bool stays;

	for (size_t i = 0, length; i < n; i += length) {
		length = step((const u8 *)text + i, n - i, "", &stays);
		if (stays)
			memmove(text + used, text + i, length);
		else
			text[used] = '?';
		used += stays ? length : 1;
	}
	text[used] = '\0';
}
