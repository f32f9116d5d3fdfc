/*
 * ACPI tables of a guest: RSDP, XSDT, FADT (reduced hardware), MADT and a DSDT that names its devices.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_ACPI_H
#define SIGNET_HV_GUEST_ACPI_H

#include "lib/bytes.h"
#include "lib/control/guest_limits.h"
#include "lib/err.h"

enum { ACPI_RSDP_SIZE = 36, GUEST_ACPI_SIZE = 0x2000, GUEST_VIRTIO_MAX = 16 };

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
 * comes first. ERR_RANGE: too many vCPUs or devices.
 */
enum err guest_acpi_build(const struct guest_acpi *g, u64 at, u8 out[GUEST_ACPI_SIZE]) MUST_CHECK;

/* --- for whoever makes tables: one after the other, between begin and end --- */

enum { ACPI_ROOT_MAX = 72 };
struct acpi_maker {
	struct writer w;
	u64 at; /* where they will be */
	size_t table; /* where the one that was begun last starts */
	u64 root[ACPI_ROOT_MAX];
	u32 roots;
};

/* Leaves room for the RSDP; out has size bytes, and becomes zero. */
void acpi_begin(struct acpi_maker *m, u64 at, u8 *out, size_t size);
/* The header, whose length and checksum are filled in at the table's end, which tells its address. */
void acpi_table_begin(struct acpi_maker *m, const char signature[static 4], u8 revision);
u64 acpi_table_end(struct acpi_maker *m);
/* The root table will name it. */
void acpi_list(struct acpi_maker *m, u64 table);
/* Root table and RSDP. ERR_RANGE: there was no room. */
enum err acpi_end(struct acpi_maker *m) MUST_CHECK;

/* An MADT up to its processors, and one I/O APIC in it. */
void acpi_madt_begin(struct acpi_maker *m, u32 flags, u32 vcpus);
void acpi_madt_ioapic(struct acpi_maker *m, u8 id, u32 base, u32 gsi_base);

/* Power button, serial port, and the sleep type for off, as AML (aml.c). */
void aml_fixed_devices(struct writer *w);
/* \_SB with one device a virtio-mmio place, VR00 and up. */
void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count);

#endif
