/*
 * "etc/table-loader": by these commands firmware places ACPI tables where it likes and links them (QEMU,
 * hw/acpi/bios-linker-loader). Test bed only; pure.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_LOADER_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_LOADER_H

#include "lib/types.h"

enum { LOADER_COMMAND = 128, LOADER_COMMANDS = 24 };

enum loader_zone { LOADER_ANYWHERE = 1, LOADER_F_SEGMENT = 2 };

struct loader {
	u8 bytes[LOADER_COMMANDS * LOADER_COMMAND];
	size_t size;
};

/* Commands are carried out in this order. There is room for LOADER_COMMANDS. */
void loader_allocate(struct loader *l, const char *file, u32 align, enum loader_zone zone);
/* Adds where source lies to the little-endian number of size bytes at offset in file. */
void loader_add_pointer(struct loader *l, const char *file, u32 offset, u8 size, const char *source);
/* Makes length bytes from start on sum up to zero, by the byte at offset. */
void loader_add_checksum(struct loader *l, const char *file, u32 offset, u32 start, u32 length);

#endif
