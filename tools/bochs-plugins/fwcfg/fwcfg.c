/*
 * Selector, data port and DMA of the firmware configuration device.
 * Test bed only; pure.
 */
#include "tools/bochs-plugins/fwcfg/fwcfg.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	DMA_ERROR = BIT(0),
	DMA_READ = BIT(1),
	DMA_SKIP = BIT(2),
	DMA_SELECT = BIT(3),
	DMA_WRITE = BIT(4),
	DMA_KEY_SHIFT = 16,
};

/* A request in guest memory, big-endian: control, length, address. */
enum { REQUEST_CONTROL = 0, REQUEST_LENGTH = 4, REQUEST_ADDRESS = 8, REQUEST_SIZE = 16 };

enum { ENTRY_SIZE = 0, ENTRY_KEY = 4, ENTRY_NAME = 8, CHUNK = 512 };

/* What the DMA register reads as, for those who look whether there is one. */
static const u8 dma_signature[] = { 'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G' };

void fwcfg_reset(struct fwcfg *f)
{
	f->selected = NULL;
	f->offset = 0;
	f->dma_address = 0;
}

bool fwcfg_add(struct fwcfg *f, u16 key, const u8 *bytes, size_t size)
{
	if (f->items == FWCFG_ITEMS)
		return false;
	f->item[f->items++] = (struct fwcfg_item){ key, bytes, size };
	return true;
}

bool fwcfg_add_file(struct fwcfg *f, const char *name, const u8 *bytes, size_t size)
{
	if (f->files == FWCFG_FILES || strlen(name) >= FWCFG_NAME)
		return false;
	u16 key = (u16)(FWCFG_FIRST_FILE + f->files);
	u8 *entry = f->directory + 4 + (size_t)f->files * FWCFG_DIRECTORY_ENTRY;
	store_be32(entry + ENTRY_SIZE, (u32)size);
	store_be16(entry + ENTRY_KEY, key);
	memcpy(entry + ENTRY_NAME, name, strlen(name) + 1);
	store_be32(f->directory, ++f->files);
	return fwcfg_add(f, key, bytes, size);
}

void fwcfg_init(struct fwcfg *f, struct fwcfg_memory memory)
{
	memset(f, 0, sizeof(*f));
	f->memory = memory;
	fwcfg_add(f, FWCFG_DIRECTORY, f->directory, sizeof(f->directory));
}

static void select_item(struct fwcfg *f, u16 key)
{
	fwcfg_reset(f);
	for (u32 i = 0; i < f->items; i++)
		if (f->item[i].key == key)
			f->selected = &f->item[i];
}

/* Behind an item's end there are zeros. */
static u8 next_byte(struct fwcfg *f)
{
	if (!f->selected || f->offset >= f->selected->size)
		return 0;
	return f->selected->bytes[f->offset++];
}

static void skip(struct fwcfg *f, u32 n)
{
	size_t left = f->selected ? f->selected->size - f->offset : 0;
	f->offset += n < left ? n : left;
}

static void copy_out(struct fwcfg *f, u64 address, u32 length)
{
	u8 chunk[CHUNK];
	while (length) {
		u32 n = length < CHUNK ? length : CHUNK;
		for (u32 i = 0; i < n; i++)
			chunk[i] = next_byte(f);
		f->memory.write(f->memory.context, address, chunk, n);
		address += n;
		length -= n;
	}
}

static u32 carry_out(struct fwcfg *f, const u8 *request)
{
	u32 control = load_be32(request + REQUEST_CONTROL);
	u32 length = load_be32(request + REQUEST_LENGTH);
	if (control & DMA_SELECT)
		select_item(f, (u16)(control >> DMA_KEY_SHIFT));
	if (control & DMA_READ)
		copy_out(f, load_be64(request + REQUEST_ADDRESS), length);
	else if (control & DMA_WRITE)
		return DMA_ERROR;
	else if (control & DMA_SKIP)
		skip(f, length);
	return 0;
}

static void dma(struct fwcfg *f)
{
	u8 request[REQUEST_SIZE], result[4];
	u64 address = f->dma_address;
	f->memory.read(f->memory.context, address, request, sizeof(request));
	store_be32(result, carry_out(f, request));
	f->memory.write(f->memory.context, address + REQUEST_CONTROL, result, sizeof(result));
	f->dma_address = 0;
}

static u8 read_byte(struct fwcfg *f, u32 port)
{
	if (port == FWCFG_PORT_DATA)
		return next_byte(f);
	if (port >= FWCFG_PORT_DMA && port < FWCFG_PORTS_END)
		return dma_signature[port - FWCFG_PORT_DMA];
	return 0;
}

/* The data port is one byte wide: what is wider reads it that many times. */
u32 fwcfg_read(struct fwcfg *f, u32 port, unsigned length)
{
	u32 value = 0;
	for (unsigned i = 0; i < length; i++)
		value |= (u32)read_byte(f, port == FWCFG_PORT_DATA ? port : port + i) << 8 * i;
	return value;
}

/* The address of a request is big-endian, and its low half starts it. */
void fwcfg_write(struct fwcfg *f, u32 port, u32 value, unsigned length)
{
	u8 bytes[4];
	store_le32(bytes, value);
	if (port == FWCFG_PORT_SELECT && length == 2) {
		select_item(f, (u16)value);
	} else if (port == FWCFG_PORT_DMA && length == 4) {
		f->dma_address = (u64)load_be32(bytes) << 32;
	} else if (port == FWCFG_PORT_DMA + 4 && length == 4) {
		f->dma_address |= load_be32(bytes);
		dma(f);
	}
}
