/*
 * Text fields.
 * Trust: in the TCB; pure.
 */
#include "image/text.h"

#include <string.h>

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

void text_read(struct reader *r, char out[TEXT_SIZE + 1])
{
	size_t n = 0;

	memset(out, 0, TEXT_SIZE + 1);
	read_copy(r, (u8 *)out, TEXT_SIZE);
	while (is_printable(out[n]))
		n++;
	if (n == 0 || !bytes_are_zero((const u8 *)out + n, TEXT_SIZE - n))
		r->failed = true;
}

void text_write(struct writer *w, const char text[TEXT_SIZE + 1])
{
	size_t n = strnlen(text, TEXT_SIZE);

	write_bytes(w, (const u8 *)text, n);
	write_zero(w, TEXT_SIZE - n);
}
