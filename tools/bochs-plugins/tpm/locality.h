/*
 * Which locality has the TPM: the ACCESS registers (PTP, "Locality Usage per Register"; "Access Register").
 * Test bed only; pure.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_TPM_LOCALITY_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_TPM_LOCALITY_H

#include "tools/bochs-plugins/tpm/tis.h"

/* The processor's own in a dynamic launch: never asked for, never seized. */
enum { LOCALITY_HARDWARE = 4 };

u8 locality_read(const struct tis *t, u8 locality);
void locality_write(struct tis *t, u8 locality, u8 value);

/* A dynamic launch takes the TPM whoever has it, and leaves it to nobody. */
void locality_take_for_hash(struct tis *t);
void locality_release_after_hash(struct tis *t);

#endif
