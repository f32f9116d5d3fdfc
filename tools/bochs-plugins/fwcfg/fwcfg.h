/*
 * QEMU's firmware configuration device (docs/specs/fw_cfg of QEMU): numbered items and named files, read through ports
 * or copied into memory. Read only. OVMF learns from it what no hardware tells. Test bed only; pure, with guest memory
 * behind struct fwcfg_memory.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_FWCFG_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_FWCFG_H

#include "lib/types.h"

enum {
	FWCFG_PORT_SELECT = 0x510,
	FWCFG_PORT_DATA = 0x511,
	FWCFG_PORT_DMA = 0x514, /* eight bytes */
	FWCFG_PORTS_END = 0x51C,
};

/* Items that are not files. */
enum {
	FWCFG_SIGNATURE = 0x00,
	FWCFG_ID = 0x01,
	FWCFG_RAM_SIZE = 0x03,
	FWCFG_CPUS = 0x05,
	FWCFG_MAX_CPUS = 0x0F,
	FWCFG_DIRECTORY = 0x19,
	FWCFG_FIRST_FILE = 0x20,
};

enum { FWCFG_ITEMS = 24, FWCFG_FILES = 8, FWCFG_NAME = 56, FWCFG_DIRECTORY_ENTRY = 64 };

/* The guest's memory; any address, any length. */
struct fwcfg_memory {
	void (*read)(void *context, u64 address, u8 *to, size_t n);
	void (*write)(void *context, u64 address, const u8 *from, size_t n);
	void *context;
};

struct fwcfg_item {
	u16 key;
	const u8 *bytes;
	size_t size;
};

struct fwcfg {
	struct fwcfg_memory memory;
	struct fwcfg_item item[FWCFG_ITEMS];
	u32 items, files;
	u8 directory[4 + FWCFG_FILES * FWCFG_DIRECTORY_ENTRY];
	const struct fwcfg_item *selected; /* NULL: a key that is none of ours, which reads as zeros */
	size_t offset;
	u64 dma_address;
};

void fwcfg_init(struct fwcfg *f, struct fwcfg_memory memory);

/* The machine's reset: nothing is selected. */
void fwcfg_reset(struct fwcfg *f);

/* bytes must stay. False: no room, or a name too long. */
bool fwcfg_add(struct fwcfg *f, u16 key, const u8 *bytes, size_t size);
bool fwcfg_add_file(struct fwcfg *f, const char *name, const u8 *bytes, size_t size);

/* length: 1, 2 or 4 bytes. */
u32 fwcfg_read(struct fwcfg *f, u32 port, unsigned length);
void fwcfg_write(struct fwcfg *f, u32 port, u32 value, unsigned length);

#endif
