/*
 * ACPI tables of a guest: RSDP, XSDT, FADT (reduced hardware), MADT and a DSDT that names its devices.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_ACPI_H
#define SIGNET_HV_GUEST_ACPI_H

#include "lib/bytes.h"
#include "lib/err.h"

enum { ACPI_RSDP_SIZE = 36, GUEST_ACPI_SIZE = 0x2000, GUEST_VCPUS_MAX = 32, GUEST_VIRTIO_MAX = 16 };

struct virtio_place {
	u32 base, length;
	u32 gsi; /* level, active high */
};

struct guest_acpi {
	u32 vcpus; /* APIC IDs 0 and up */
	u32 ioapic_base;
	u8 ioapic_id;
	u32 virtio_count;
	struct virtio_place virtio[GUEST_VIRTIO_MAX];
};

/*
 * Builds the tables for guest address `at` (16-byte aligned, below 1 MiB, where they may be searched for); the RSDP
 * comes first. ERR_RANGE: too many vCPUs or devices, or an address that cannot be.
 */
enum err guest_acpi_build(const struct guest_acpi *g, u64 at, u8 out[GUEST_ACPI_SIZE]) MUST_CHECK;

/* One table: the header, whose length and checksum are filled in at its end. */
size_t acpi_table_begin(struct writer *w, const char signature[static 4], u8 revision);
void acpi_table_end(struct writer *w, size_t start);
void acpi_rsdp_fill(u8 rsdp[ACPI_RSDP_SIZE], u64 xsdt);

/* Power button, serial port, and the sleep type for off, as AML (aml.c). */
void aml_fixed_devices(struct writer *w);
/* \_SB with one device a virtio-mmio place, VR00 and up. */
void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count);

#endif
