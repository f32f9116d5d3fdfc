/*
 * What the stage measures, in the order of docs/measurements.md.
 * Trust: in the TCB; pure over struct platform.
 */
#ifndef SIGNET_SECUREBOOT_MEASURE_H
#define SIGNET_SECUREBOOT_MEASURE_H

#include "secureboot/slot.h"

/* PCR12: what follows from image and stage alone. The platform's error. */
enum err measure_image(
        const struct platform *platform, const struct anchor *anchor, const struct slot *slot) MUST_CHECK;

/* PCR14: what this boot decided. The platform's error. */
enum err measure_decisions(const struct platform *platform, const struct nv_view *nv, const struct boot_choice *choice,
        const struct verified_image *image) MUST_CHECK;

#endif
