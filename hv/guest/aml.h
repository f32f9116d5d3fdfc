/*
 * The few AML terms our DSDT consists of (ACPI 6.4, chapter 20). Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_AML_H
#define SIGNET_HV_GUEST_AML_H

#include "hv/guest/acpi.h"
#include "lib/bytes.h"

/* Power button, serial port, and the sleep type for off. */
void aml_fixed_devices(struct writer *w);
/* \_SB with one device a virtio-mmio place, VR00 and up. */
void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count);

#endif
