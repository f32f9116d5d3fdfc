/*
 * AML, written down as bytes: nothing but addresses and numbers ever differs (ACPI 6.4, chapter 20). Trust: in the TCB;
 * pure.
 */
#include "hv/guest/acpi.h"

#include "hv/dev/power.h"
#include "hv/dev/uart.h"

#include <string.h>

#define NAME 8, '_'
#define DEVICE 0x5B, 0x82
#define HARDWARE_ID NAME, 'H', 'I', 'D'
#define PNP HARDWARE_ID, 0x0C, 0x41, 0xD0
#define UNIQUE_ID NAME, 'U', 'I', 'D'
#define RESOURCES NAME, 'C', 'R', 'S', 0x11
#define INTERRUPT 0x89, 6, 0
#define END 0x79, 0
enum { BYTE = 0x0A, LEVEL = 1, EDGE = 3, BUTTON = POWER_PORT + POWER_BUTTON };

static const u8 sleep_s5[] = { NAME, 'S', '5', '_', 0x12, 8, 4, BYTE, POWER_SLEEP_TYPE, BYTE, POWER_SLEEP_TYPE, 0, 0 };

/* PWRB is told of the button by GED, as hardware-reduced ACPI has no fixed one. */
static const u8 fixed_devices[] = {
	/* Device (PWRB) { Name (_HID, EisaId ("PNP0C0C")) } */
	DEVICE, 15, 'P', 'W', 'R', 'B', PNP, 0x0C, 0x0C,
	/* OperationRegion (BTN, SystemIO, BUTTON, 1)  Field (BTN, ByteAcc) { BTNS, 8 } */
	0x5B, 0x80, 'B', 'T', 'N', '_', 1, 0x0B, BUTTON & 0xFF, BUTTON >> 8, 1, /* a byte */
	0x5B, 0x81, 11, 'B', 'T', 'N', '_', 1, 'B', 'T', 'N', 'S', 8,
	/* Device (GED) { Name (_HID, "ACPI0013")  Name (_CRS, Interrupt (Edge, ActiveHigh) { POWER_GSI }) */
	DEVICE, 60, 'G', 'E', 'D', '_', HARDWARE_ID, 0x0D, 'A', 'C', 'P', 'I', '0', '0', '1', '3', 0, /* a string */
	RESOURCES, 14, BYTE, 11, INTERRUPT, EDGE, 1, POWER_GSI, 0, 0, 0, END,
	/* Method (_EVT, 1, Serialized) { If (BTNS) { Notify (PWRB, 0x80) } } } */
	0x14, 19, '_', 'E', 'V', 'T', 9, 0xA0, 12, 'B', 'T', 'N', 'S', 0x86, 'P', 'W', 'R', 'B', BYTE, 0x80,
	/* Device (COM0) { Name (_HID, EisaId ("PNP0501"))  Name (_UID, 0) */
	DEVICE, 49, 'C', 'O', 'M', '0', PNP, 0x05, 0x01, UNIQUE_ID, 0,
	/* Name (_CRS, IO (UART_COM1, 8), Interrupt (Level, ActiveHigh) { UART_GSI }) } */
	RESOURCES, 22, BYTE, 19, 0x47, 1, UART_COM1 & 0xFF, UART_COM1 >> 8, UART_COM1 & 0xFF, UART_COM1 >> 8, 1,
	UART_PORTS, INTERRUPT, LEVEL, 1, UART_GSI, 0, 0, 0, END
};

/* Device (VRnn) { Name (_HID, "LNRO0005")  Name (_UID, nn)  Name (_CCA, 1)  Name (_CRS, Memory32Fixed, Interrupt) } */
static const u8 virtio_device[] = { DEVICE, 0x42, 4, 'V', 'R', '0', '0', HARDWARE_ID, 0x0D, 'L', 'N', 'R', 'O', '0',
	'0', '0', '5', 0, UNIQUE_ID, BYTE, 0, NAME, 'C', 'C', 'A', 1, RESOURCES, 26, BYTE, 23, 0x86, 9, 0, 1, 0, 0, 0,
	0, 0, 0, 0, 0, INTERRUPT, LEVEL, 1, 0, 0, 0, 0, END };
enum { TENS = 6, ONES = 7, NUMBER = 29, BASE = 49, LENGTH = 53, GSI = 62 };

/* \_SB with so many bytes in it. */
static void write_scope(struct writer *w, size_t content)
{
	u32 length = 2 + 5 + (u32)content;

	write_u8(w, 0x10);
	write_u8(w, (u8)(0x40 | (length & 15)));
	write_u8(w, (u8)(length >> 4));
	write_bytes(w, (const u8 *)"\\_SB_", 5);
}

void aml_fixed_devices(struct writer *w)
{
	write_bytes(w, sleep_s5, sizeof(sleep_s5));
	write_scope(w, sizeof(fixed_devices));
	write_bytes(w, fixed_devices, sizeof(fixed_devices));
}

void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count)
{
	u8 device[sizeof(virtio_device)];

	write_scope(w, count * sizeof(device));
	for (u32 i = 0; i < count; i++) {
		memcpy(device, virtio_device, sizeof(device));
		device[TENS] = (u8)('0' + i / 10);
		device[ONES] = (u8)('0' + i % 10);
		device[NUMBER] = (u8)i;
		store_le32(device + BASE, place[i].base);
		store_le32(device + LENGTH, place[i].length);
		store_le32(device + GSI, place[i].gsi);
		write_bytes(w, device, sizeof(device));
	}
}
