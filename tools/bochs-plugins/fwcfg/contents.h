/*
 * What the firmware configuration of Bochs' machine says: memory, processors, VMX allowed, ACPI tables.
 * Test bed only; pure.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_CONTENTS_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_CONTENTS_H

#include "tools/bochs-plugins/fwcfg/acpi.h"
#include "tools/bochs-plugins/fwcfg/fwcfg.h"

enum { E820_ENTRY = 20 };

struct contents {
	u8 id[4], ram_size[8], cpus[2], feature_control[8], e820[E820_ENTRY];
	struct acpi acpi;
};

/* Above this Bochs would put memory under devices' addresses. */
#define RAM_MAX MIB(3072)

/* False: more memory or processors than there may be, or a DSDT too large. c must stay as long as f. */
bool contents_fill(struct contents *c, struct fwcfg *f, u64 ram, u32 cpus, const u8 *dsdt, size_t dsdt_size);

#endif
