/*
 * The platform under UEFI.
 * Trust: in the TCB; calls firmware.
 */
#include "secureboot/platform_efi.h"

#include "secureboot/console.h"
#include "secureboot/cpu.h"
#include "secureboot/efi_services.h"

#include "lib/tpm/startup.h"

#include <string.h>

static const struct efi_guid acpi_guid = { 0x8868E871, 0xE4F1, 0x11D3,
	{ 0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81 } };
static const struct efi_guid acpi_old_guid = { 0xEB9D2D30, 0x2D88, 0x11D3,
	{ 0x9A, 0x16, 0x00, 0x90, 0x27, 0x3F, 0xC1, 0x4D } };

static enum err use_tables(const struct multiboot2 *info)
{
	efi.system = (const struct efi_system_table *)info->efi_system_table;
	efi.image = (efi_handle)info->efi_image_handle;
	if (!efi.system || !efi.image || !info->boot_services ||
	        efi.system->header.signature != EFI_SYSTEM_TABLE_SIGNATURE || !efi.system->boot || !efi.system->runtime)
		return ERR_BOOT_LOADER;
	efi.boot = efi.system->boot;
	return OK;
}

/* Only read from: the device is the firmware's until finish. */
static const char *tpm_interface(void)
{
	struct tpm_device device;
	enum err e = tpm_device_init(&device, tpm_mmio_registers(machine_now, NULL));

	return e ? NULL : tpm_device_interface(&device);
}

static enum err make_tables(struct machine *machine, struct memory_map *map)
{
	struct paging_features features = machine_paging();
	u8 *tables;
	u64 top;
	enum err e = efi_read_map(map);

	if (e)
		return e;
	top = memory_map_top(map);
	e = efi_allocate(0, identity_size(top, features), PAGE_SIZE, &tables);
	if (!e)
		machine->page_tables = identity_build(tables, top, features);
	return e;
}

static enum err finish(struct memory_entry *entries, u32 *count, struct blob *log)
{
	struct memory_map map = { .entry = entries, .room = MEMORY_MAP_MAX };
	enum err e = efi_log_take();

	if (!e)
		e = efi_exit(&map);
	if (e)
		return e;
	console_extra(NULL);
	machine_take_over();
	e = efi_log_finish(log);
	if (!e)
		e = efi_mark_allocations(&map);
	if (!e)
		e = memory_map_set(&map, (u64)image_start, (u64)image_end - (u64)image_start, MEMORY_STAGE);
	*count = map.count;
	return e;
}

static void describe(struct platform *platform)
{
	const void *rsdp = efi_find_table(&acpi_guid);

	platform->uefi = true;
	platform->secure_boot = efi_secure_boot();
	platform->rsdp = (u64)(rsdp ? rsdp : efi_find_table(&acpi_old_guid));
	platform->framebuffer = efi_framebuffer();
	platform->allocate = efi_allocate;
	platform->release = efi_release;
	platform->measure = efi_measure;
	platform->finish = finish;
}

enum err platform_efi_start(const struct multiboot2 *info)
{
	enum err e = use_tables(info);

	if (e)
		return e;
	/* The loader's five minutes would end in a reset while a person reads why nothing starts. */
	efi.boot->set_watchdog_timer(0, 0, 0, NULL);
	efi_screen_start();
	return OK;
}

enum err platform_efi_init(struct machine *machine)
{
	struct memory_map map = { .room = MEMORY_MAP_MAX };
	u8 *memory;
	enum err e = efi_allocate(0, MEMORY_MAP_MAX * sizeof(*map.entry), PAGE_SIZE, &memory);

	if (e)
		return e;
	describe(&machine->platform);
	map.entry = memset(memory, 0, MEMORY_MAP_MAX * sizeof(*map.entry));
	e = make_tables(machine, &map);
	if (!e)
		e = efi_allocate(0, sizeof(*machine->tpm), PAGE_SIZE, &memory);
	if (e)
		return e;
	machine->tpm = memset(memory, 0, sizeof(*machine->tpm));
	e = efi_tcg2_init(machine->tpm);
	if (e)
		return e;
	machine->platform.tpm_interface = tpm_interface();
	return machine->platform.tpm_interface ? OK : ERR_TPM_ABSENT;
}
