/*
 * The Bochs plugin `fwcfg`: firmware configuration at ports 510h to 51Bh, so that OVMF starts. Environment:
 * BOCHS_MEMORY (MiB), BOCHS_CPUS, BOCHS_BIOS (a ROM image with a DSDT). It also answers at port 402h, where OVMF looks
 * whether anybody listens to its messages: Bochs does, and puts them into its log. Test bed only.
 */
#include "tools/bochs-plugins/bochs.h"
#include "tools/bochs-plugins/fwcfg/contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What Bochs calls, by its name. */
int libfwcfg_plugin_entry(void *plugin, u16 type, u8 mode);

enum { PORT_MESSAGES = 0x402, MESSAGES_WELCOME = 0xE9, PAGE = 4096 };

static struct bochs_device device;
static struct fwcfg fwcfg;
static struct contents contents;
static u8 rom[1 << 18];

/* Bochs moves at most to the end of a page. */
static size_t in_page(u64 address, size_t n)
{
	size_t left = PAGE - (size_t)(address % PAGE);
	return n < left ? n : left;
}

static void read_memory(void *context, u64 address, u8 *to, size_t n)
{
	(void)context;
	for (size_t part; n; address += part, to += part, n -= part) {
		part = in_page(address, n);
		bochs_dma_read(address, (unsigned)part, to);
	}
}

static void write_memory(void *context, u64 address, const u8 *from, size_t n)
{
	u8 copy[PAGE];
	(void)context;
	for (size_t part; n; address += part, from += part, n -= part) {
		part = in_page(address, n);
		memcpy(copy, from, part);
		bochs_dma_write(address, (unsigned)part, copy);
	}
}

static u32 read_port(void *context, u32 port, unsigned length)
{
	return fwcfg_read(context, port, length);
}

static void write_port(void *context, u32 port, u32 value, unsigned length)
{
	fwcfg_write(context, port, value, length);
}

static u32 welcome(void *context, u32 port, unsigned length)
{
	(void)context;
	(void)port;
	(void)length;
	return MESSAGES_WELCOME;
}

static void init(struct bochs_device *d)
{
	(void)d;
	for (unsigned port = FWCFG_PORT_SELECT; port < FWCFG_PORTS_END; port++) {
		pluginRegisterIOReadHandler(&fwcfg, read_port, port, "firmware configuration", BOCHS_ANY_WIDTH);
		pluginRegisterIOWriteHandler(&fwcfg, write_port, port, "firmware configuration", BOCHS_ANY_WIDTH);
	}
	pluginRegisterIOReadHandler(&fwcfg, welcome, PORT_MESSAGES, "firmware messages", BOCHS_ANY_WIDTH);
}

/*
 * Bochs' PIIX4 forgets the base of its power management ports in a reset, but not that they are enabled (PMREGMISC).
 * OVMF takes the one for a sign of the other, and would wait for ever on a timer at port 8. We come after the PIIX4.
 */
static void disable_power_management(void)
{
	enum { ADDRESS = 0xCF8, DATA = 0xCFC };
	const u32 pmregmisc = BIT(31) | 1u << 11 | 3u << 8 | 0x80;
	bochs_out(bx_devices, ADDRESS, pmregmisc, 4);
	bochs_out(bx_devices, DATA, 0, 1);
	bochs_out(bx_devices, ADDRESS, 0, 4);
}

static void reset(struct bochs_device *d, unsigned type)
{
	(void)d;
	(void)type;
	fwcfg_reset(&fwcfg);
	disable_power_management();
}

static const u8 *read_dsdt(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	size_t n = fread(rom, 1, sizeof(rom), file);
	(void)fclose(file);
	return acpi_find_dsdt(rom, n, size);
}

static u64 number(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : 0;
}

static bool fill(void)
{
	const char *bios = getenv("BOCHS_BIOS");
	size_t size = 0;
	const u8 *dsdt = bios ? read_dsdt(bios, &size) : NULL;
	fwcfg_init(&fwcfg, (struct fwcfg_memory){ .read = read_memory, .write = write_memory });
	return dsdt &&
	        contents_fill(&contents, &fwcfg, MIB(number("BOCHS_MEMORY")), (u32)number("BOCHS_CPUS"), dsdt, size);
}

static int start(void *plugin, u16 type)
{
	if (!fill()) {
		fputs("fwcfg: BOCHS_MEMORY, BOCHS_CPUS or BOCHS_BIOS is missing or out of range\n", stderr);
		return -1;
	}
	bochs_device_register(&device, init, reset, plugin, type, "fwcfg");
	return 0;
}

int libfwcfg_plugin_entry(void *plugin, u16 type, u8 mode)
{
	switch (mode) {
	case PLUGIN_PROBE:
		return PLUGIN_TYPE_OPTIONAL;
	case PLUGIN_INIT:
		return start(plugin, type);
	case PLUGIN_FINI:
		bochs_log_destroy(&device);
		return 0;
	default: /* FLAGS: not a PCI device */
		return 0;
	}
}
