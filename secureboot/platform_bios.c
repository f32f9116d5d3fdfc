/*
 * The platform under BIOS. Nothing before the stage was measured there: such a boot is never a production pass.
 * Trust: in the TCB; hardware access.
 */
#include "secureboot/platform_bios.h"

#include "secureboot/bios_memory.h"
#include "secureboot/cpu.h"

#include "attest/log_write.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/device.h"
#include "lib/tpm/pcr.h"
#include "lib/tpm/startup.h"

#include <string.h>

enum { LOG_ROOM = 65536, FRAMEBUFFER_COLOUR = 1, FORMAT_BGRX = 1 };

static struct tpm *tpm;
static struct log event_log;

static enum err measure(u32 pcr, const struct event *event)
{
	u8 data[EVENT_TAGGED_SIZE];
	struct tpm_digests digests;
	enum err e;

	event_encode(event, data);
	e = tpm_pcr_event(tpm, pcr, data, sizeof(data), &digests);
	if (e)
		return e;
	log_keep_banks(&event_log.format, &digests);
	return log_append(&event_log, pcr, EV_EVENT_TAG, &digests, data, sizeof(data));
}

static enum err finish(struct memory_entry *entries, u32 *count, struct blob *log)
{
	const struct memory_map *map = bios_memory_map();

	memcpy(entries, map->entry, map->count * sizeof(*entries));
	*count = map->count;
	*log = (struct blob){ .bytes = event_log.bytes.start, .length = event_log.bytes.used };
	return OK;
}

/* The loader's copy of the root pointer, moved to where it will not be overwritten. */
static enum err keep_rsdp(const struct multiboot2 *info, struct platform *platform)
{
	u8 *copy;
	enum err e = OK;

	if (!info->rsdp)
		return OK;
	e = bios_allocate(0, PAGE_SIZE, PAGE_SIZE, &copy);
	if (e)
		return e;
	memset(copy, 0, PAGE_SIZE);
	memcpy(copy, info->rsdp, info->rsdp_length);
	platform->rsdp = (u64)copy;
	return OK;
}

static struct framebuffer framebuffer_of(const struct multiboot2_framebuffer *f)
{
	if (!f->present || f->kind != FRAMEBUFFER_COLOUR || f->bits != 32)
		return (struct framebuffer){ 0 };
	return (struct framebuffer){ .base = f->address,
		.length = (u64)f->pitch * f->height,
		.width = f->width,
		.height = f->height,
		.stride = f->pitch,
		.format = FORMAT_BGRX };
}

static enum err use_tables(struct machine *machine)
{
	struct paging_features features = machine_paging();
	u64 top = memory_map_top(bios_memory_map());
	u8 *tables;
	enum err e = bios_allocate(0, identity_size(top, features), PAGE_SIZE, &tables);

	if (e)
		return e;
	machine->page_tables = identity_build(tables, top, features);
	write_cr3(machine->page_tables);
	return OK;
}

static enum err start_tpm(struct machine *machine)
{
	static struct tpm_device device;
	struct tpm_banks banks;
	u8 *memory;
	enum err e = tpm_device_init(&device, tpm_mmio_registers(machine_now, NULL));

	if (e)
		return e;
	machine->platform.tpm_interface = tpm_device_interface(&device);
	e = bios_allocate(0, sizeof(*tpm), PAGE_SIZE, &memory);
	if (e)
		return e;
	machine->tpm = tpm = memset(memory, 0, sizeof(*tpm));
	tpm_init(tpm, tpm_device_transport(&device));
	e = tpm_startup(tpm);
	if (!e)
		e = tpm_pcr_banks(tpm, &banks);
	if (!e)
		e = bios_allocate(0, LOG_ROOM, PAGE_SIZE, &memory);
	return e ? e : log_create(&event_log, memory, LOG_ROOM, &banks);
}

enum err platform_bios_init(const struct multiboot2 *info, struct memory_range information, struct machine *machine)
{
	const struct memory_range image = { .base = (u64)image_start, .length = (u64)image_end - (u64)image_start };
	struct platform *platform = &machine->platform;
	enum err e = bios_memory_init(info, information, image);

	if (!e)
		e = use_tables(machine);
	if (!e)
		e = keep_rsdp(info, platform);
	if (!e)
		e = start_tpm(machine);
	platform->framebuffer = framebuffer_of(&info->framebuffer);
	platform->allocate = bios_allocate;
	platform->release = bios_release;
	platform->measure = measure;
	platform->finish = finish;
	return e;
}
