/*
 * Writes loader commands: a number, then file names of 56 bytes and numbers, little-endian.
 * Test bed only; pure.
 */
#include "tools/bochs-plugins/fwcfg/loader.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3, NAME = 56 };

static struct writer begin(struct loader *l, u32 command)
{
	assert(l->size < sizeof(l->bytes));
	struct writer w = writer_on(l->bytes + l->size, LOADER_COMMAND);
	l->size += LOADER_COMMAND;
	write_le32(&w, command);
	return w;
}

static void write_name(struct writer *w, const char *name)
{
	u8 padded[NAME] = { 0 };
	assert(strlen(name) < NAME);
	memcpy(padded, name, strlen(name) + 1);
	write_bytes(w, padded, NAME);
}

void loader_allocate(struct loader *l, const char *file, u32 align, enum loader_zone zone)
{
	struct writer w = begin(l, ALLOCATE);
	write_name(&w, file);
	write_le32(&w, align);
	write_u8(&w, (u8)zone);
}

void loader_add_pointer(struct loader *l, const char *file, u32 offset, u8 size, const char *source)
{
	struct writer w = begin(l, ADD_POINTER);
	write_name(&w, file);
	write_name(&w, source);
	write_le32(&w, offset);
	write_u8(&w, size);
}

void loader_add_checksum(struct loader *l, const char *file, u32 offset, u32 start, u32 length)
{
	struct writer w = begin(l, ADD_CHECKSUM);
	write_name(&w, file);
	write_le32(&w, offset);
	write_le32(&w, start);
	write_le32(&w, length);
}
