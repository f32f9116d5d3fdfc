/*
 * AML encoding. Trust: in the TCB; pure.
 */
#include "hv/guest/aml.h"

#include "hv/dev/power.h"
#include "hv/dev/uart.h"

enum {
	OP_ZERO = 0x00,
	OP_ONE = 0x01,
	OP_NAME = 0x08,
	OP_BYTE = 0x0A,
	OP_WORD = 0x0B,
	OP_DWORD = 0x0C,
	OP_STRING = 0x0D,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_METHOD = 0x14,
	OP_EXTENDED = 0x5B,
	OP_EXTENDED_REGION = 0x80,
	OP_EXTENDED_FIELD = 0x81,
	OP_EXTENDED_DEVICE = 0x82,
	OP_NOTIFY = 0x86,
	OP_IF = 0xA0,
	SPACE_IO = 1,
	ACCESS_BYTE = 1,
	METHOD_SERIALIZED = 1 << 3,
	/* Two-byte form of a package length: its low nibble in the first byte, eight more bits in the second. */
	LENGTH_TWO_BYTES = 1 << 6,
	LENGTH_MAX = 0xFFF,
};

enum {
	ITEM_IO = 0x47,
	ITEM_MEMORY_32_FIXED = 0x86,
	ITEM_INTERRUPT = 0x89,
	ITEM_END = 0x79,
	MEMORY_WRITABLE = 1,
	/* Consumer, active high, exclusive. */
	INTERRUPT_LEVEL = 1,
	INTERRUPT_EDGE = 3,
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

/* \\_SB */
static size_t open_scope(struct writer *w)
{
	write_u8(w, OP_SCOPE);
	size_t at = open_package(w);
	write_bytes(w, (const u8 *)"\\_SB_", 5);
	return at;
}

/*
 * What every guest has. PWRB is told of the button by GED, as hardware-reduced ACPI has no fixed one:
 *	Name (_S5, Package () { POWER_SLEEP_TYPE, POWER_SLEEP_TYPE, 0, 0 })
 *	Device (PWRB) { Name (_HID, EisaId ("PNP0C0C")) }
 *	OperationRegion (BTN, SystemIO, POWER_PORT + POWER_BUTTON, 1)  Field (BTN, ByteAcc) { BTNS, 8 }
 *	Device (GED) { Name (_HID, "ACPI0013")  Name (_CRS, Interrupt (Edge, ActiveHigh) { POWER_GSI })
 *		Method (_EVT, 1, Serialized) { If (BTNS) { Notify (PWRB, 0x80) } } }
 *	Device (COM0) { Name (_HID, EisaId ("PNP0501"))  Name (_UID, 0)
 *		Name (_CRS, IO (UART_COM1, 8), Interrupt (Level, ActiveHigh) { UART_GSI }) }
 */
// clang-format off: an object a line
static const u8 sleep_s5[] = { OP_NAME, '_', 'S', '5', '_', OP_PACKAGE, 8, 4, OP_BYTE, POWER_SLEEP_TYPE, OP_BYTE,
	POWER_SLEEP_TYPE, OP_ZERO, OP_ZERO };
enum { BUTTON_PORT = POWER_PORT + POWER_BUTTON };
static const u8 fixed_devices[] = {
	OP_EXTENDED, OP_EXTENDED_DEVICE, 15, 'P', 'W', 'R', 'B',
	OP_NAME, '_', 'H', 'I', 'D', OP_DWORD, 0x41, 0xD0, 0x0C, 0x0C,
	OP_EXTENDED, OP_EXTENDED_REGION, 'B', 'T', 'N', '_', SPACE_IO, OP_WORD, BUTTON_PORT & 0xFF, BUTTON_PORT >> 8, OP_ONE,
	OP_EXTENDED, OP_EXTENDED_FIELD, 11, 'B', 'T', 'N', '_', ACCESS_BYTE, 'B', 'T', 'N', 'S', 8,
	OP_EXTENDED, OP_EXTENDED_DEVICE, 60, 'G', 'E', 'D', '_',
	OP_NAME, '_', 'H', 'I', 'D', OP_STRING, 'A', 'C', 'P', 'I', '0', '0', '1', '3', 0,
	OP_NAME, '_', 'C', 'R', 'S', OP_BUFFER, 14, OP_BYTE, 11,
	ITEM_INTERRUPT, 6, 0, INTERRUPT_EDGE, 1, POWER_GSI, 0, 0, 0, ITEM_END, 0,
	OP_METHOD, 19, '_', 'E', 'V', 'T', METHOD_SERIALIZED | 1,
	OP_IF, 12, 'B', 'T', 'N', 'S', OP_NOTIFY, 'P', 'W', 'R', 'B', OP_BYTE, 0x80,
	OP_EXTENDED, OP_EXTENDED_DEVICE, 49, 'C', 'O', 'M', '0',
	OP_NAME, '_', 'H', 'I', 'D', OP_DWORD, 0x41, 0xD0, 0x05, 0x01, OP_NAME, '_', 'U', 'I', 'D', OP_ZERO,
	OP_NAME, '_', 'C', 'R', 'S', OP_BUFFER, 22, OP_BYTE, 19,
	ITEM_IO, 1, UART_COM1 & 0xFF, UART_COM1 >> 8, UART_COM1 & 0xFF, UART_COM1 >> 8, 1, UART_PORTS,
	ITEM_INTERRUPT, 6, 0, INTERRUPT_LEVEL, 1, UART_GSI, 0, 0, 0, ITEM_END, 0,
};
// clang-format on

void aml_fixed_devices(struct writer *w)
{
	write_bytes(w, sleep_s5, sizeof(sleep_s5));
	size_t scope = open_scope(w);
	write_bytes(w, fixed_devices, sizeof(fixed_devices));
	close_package(w, scope);
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
	write_u8(w, INTERRUPT_LEVEL);
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
	size_t package = open_scope(w);

	for (u32 i = 0; i < count; i++)
		device(w, &place[i], (u8)i);
	close_package(w, package);
}
