/*
 * AML encoding. Trust: in the TCB; pure.
 */
#include "hv/guest/aml.h"

enum {
	OP_ZERO = 0x00,
	OP_ONE = 0x01,
	OP_NAME = 0x08,
	OP_BYTE = 0x0A,
	OP_STRING = 0x0D,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_EXTENDED = 0x5B,
	OP_EXTENDED_DEVICE = 0x82,
	/* Two-byte form of a package length: its low nibble in the first byte, eight more bits in the second. */
	LENGTH_TWO_BYTES = 1 << 6,
	LENGTH_MAX = 0xFFF,
};

enum {
	ITEM_MEMORY_32_FIXED = 0x86,
	ITEM_INTERRUPT = 0x89,
	ITEM_END = 0x79,
	MEMORY_WRITABLE = 1,
	/* Consumer, level, active high, exclusive. */
	INTERRUPT_FLAGS = 1,
	RESOURCES_SIZE = 12 + 9 + 2,
};

/* A package's length is known when it is closed; it counts its own two bytes. */
static size_t open_package(struct writer *w)
{
	size_t at = w->used;

	write_zero(w, 2);
	return at;
}

static void close_package(struct writer *w, size_t at)
{
	if (w->failed)
		return;
	size_t length = w->used - at;
	if (length > LENGTH_MAX) {
		w->failed = true;
		return;
	}
	w->start[at] = (u8)(LENGTH_TWO_BYTES | (length & 0xF));
	w->start[at + 1] = (u8)(length >> 4);
}

static void name(struct writer *w, const char segment[static 4])
{
	write_u8(w, OP_NAME);
	write_bytes(w, (const u8 *)segment, 4);
}

static void byte(struct writer *w, u8 value)
{
	write_u8(w, OP_BYTE);
	write_u8(w, value);
}

void aml_sleep_s5(struct writer *w, u8 type)
{
	name(w, "_S5_");
	write_u8(w, OP_PACKAGE);
	size_t package = open_package(w);
	write_u8(w, 4);
	byte(w, type);
	byte(w, type);
	write_u8(w, OP_ZERO);
	write_u8(w, OP_ZERO);
	close_package(w, package);
}

static void resources(struct writer *w, const struct virtio_place *p)
{
	write_u8(w, OP_BUFFER);
	size_t buffer = open_package(w);
	byte(w, RESOURCES_SIZE);
	write_u8(w, ITEM_MEMORY_32_FIXED);
	write_le16(w, 9);
	write_u8(w, MEMORY_WRITABLE);
	write_le32(w, p->base);
	write_le32(w, p->length);
	write_u8(w, ITEM_INTERRUPT);
	write_le16(w, 6);
	write_u8(w, INTERRUPT_FLAGS);
	write_u8(w, 1);
	write_le32(w, p->gsi);
	write_u8(w, ITEM_END);
	write_u8(w, 0);
	close_package(w, buffer);
}

static void device(struct writer *w, const struct virtio_place *p, u8 number)
{
	static const u8 id[] = "LNRO0005";
	const char segment[4] = { 'V', 'R', (char)('0' + number / 10), (char)('0' + number % 10) };

	write_u8(w, OP_EXTENDED);
	write_u8(w, OP_EXTENDED_DEVICE);
	size_t package = open_package(w);
	write_bytes(w, (const u8 *)segment, sizeof(segment));
	name(w, "_HID");
	write_u8(w, OP_STRING);
	write_bytes(w, id, sizeof(id));
	name(w, "_UID");
	byte(w, number);
	name(w, "_CCA");
	write_u8(w, OP_ONE);
	name(w, "_CRS");
	resources(w, p);
	close_package(w, package);
}

void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count)
{
	write_u8(w, OP_SCOPE);
	size_t package = open_package(w);
	write_bytes(w, (const u8 *)"\\_SB_", 5);
	for (u32 i = 0; i < count; i++)
		device(w, &place[i], (u8)i);
	close_package(w, package);
}
