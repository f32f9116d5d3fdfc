/*
 * ACPI as the service VM gets it: of firmware's tables its SSDTs, where they lie; FADT and MADT rewritten;
 * an SSDT of ours with its virtio devices (docs/service-vm.md).
 * Trust: in the TCB; pure. Tables are firmware's: their checksums are right, everything else is checked.
 */
#ifndef SIGNET_HV_SERVICE_ACPI_H
#define SIGNET_HV_SERVICE_ACPI_H

#include "hv/boot/acpi.h"
#include "hv/guest/acpi.h"

enum { SERVICE_ACPI_SIZE = 0x2000, SERVICE_VIRTIO = 2 };

struct service_acpi {
	const struct acpi_table *table; /* firmware's */
	u32 tables;
	u32 ioapics; /* of firmware's, by its order, that it has; then comes ours: */
	u32 ioapic_base, gsi_base;
	struct virtio_place virtio[SERVICE_VIRTIO]; /* console, uplink */
};

/* At guest address `at`, RSDP first. ERR_ACPI: no usable FADT or MADT. ERR_RANGE: more than there is room for. */
enum err service_acpi_build(const struct service_acpi *s, u64 at, u8 out[SERVICE_ACPI_SIZE]) MUST_CHECK;

/* The ports that the FADT tells, each 0 if it does not. */
struct acpi_ports {
	u16 event[2], control[2], gpe[2]; /* PM1a, PM1b; general purpose 0, 1 */
	u8 event_length, gpe_length[2];
	u16 timer, smi;
	u8 enable; /* written to smi: firmware's hand off the events */
};
void service_acpi_ports(const struct acpi_table *fadt, struct acpi_ports *ports);

/* The sleep type that is S5, by a look at the DSDT's package of that name; false: none of that form. */
bool service_acpi_off(const struct acpi_table *dsdt, u8 *type);

#endif
