/*
 * The few AML terms our DSDT consists of (ACPI 6.4, chapter 20). Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_AML_H
#define SIGNET_HV_GUEST_AML_H

#include "hv/guest/acpi.h"
#include "lib/bytes.h"

/* \_S5: the sleep type that PM1 control takes for off. */
void aml_sleep_s5(struct writer *w, u8 type);
/* \_SB with one device a virtio-mmio place, VR00 and up. */
void aml_virtio_devices(struct writer *w, const struct virtio_place *place, u32 count);

#endif
