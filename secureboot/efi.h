/*
 * The part of UEFI (specification 2.10) and of the TCG EFI protocol (family 2.0, revision 13) that the stage uses.
 * Trust: definitions only. Firmware is trusted to be what Secure Boot and PCR0 say, not to give sane numbers.
 */
#ifndef SIGNET_SECUREBOOT_EFI_H
#define SIGNET_SECUREBOOT_EFI_H

#include "lib/types.h"

#include <assert.h>

#define EFIAPI __attribute__((ms_abi))
#define EFI_ERROR(code) (1ULL << 63 | (code))
#define EFI_SUCCESS 0
#define EFI_INVALID_PARAMETER EFI_ERROR(2)

typedef u64 efi_status;
typedef void *efi_handle;
typedef void efi_unused(void);

struct efi_guid {
	u32 a;
	u16 b, c;
	u8 d[8];
};
static_assert(sizeof(struct efi_guid) == 16, "UEFI 2.3.1");

struct efi_table_header {
	u64 signature;
	u32 revision, size, crc, reserved;
};

#define EFI_SYSTEM_TABLE_SIGNATURE 0x5453595320494249

enum efi_memory_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_CODE,
	EFI_BOOT_DATA,
	EFI_RUNTIME_CODE,
	EFI_RUNTIME_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_MMIO_PORT,
	EFI_PAL_CODE,
	EFI_PERSISTENT,
	EFI_UNACCEPTED,
	EFI_MEMORY_TYPES,
};

enum efi_allocate_type { EFI_ALLOCATE_ANY, EFI_ALLOCATE_MAX, EFI_ALLOCATE_ADDRESS };
enum efi_locate_type { EFI_ALL_HANDLES, EFI_BY_NOTIFY, EFI_BY_PROTOCOL };

struct efi_memory_descriptor {
	u32 type;
	u32 pad;
	u64 physical;
	u64 virtual_address;
	u64 pages;
	u64 attribute;
};
static_assert(sizeof(struct efi_memory_descriptor) == 40, "UEFI 7.2.3");

struct efi_boot_services {
	struct efi_table_header header;
	efi_unused *raise_tpl, *restore_tpl;
	efi_status(EFIAPI *allocate_pages)(u32 how, u32 type, u64 pages, u64 *address);
	efi_status(EFIAPI *free_pages)(u64 address, u64 pages);
	efi_status(EFIAPI *get_memory_map)(u64 *size, void *map, u64 *key, u64 *stride, u32 *version);
	efi_unused *allocate_pool;
	efi_status(EFIAPI *free_pool)(void *memory);
	efi_unused *events[6];
	efi_unused *install_protocol[3];
	efi_status(EFIAPI *handle_protocol)(efi_handle handle, const struct efi_guid *guid, void **out);
	efi_unused *reserved;
	efi_unused *register_notify, *locate_handle, *locate_device_path, *install_table;
	efi_unused *images[4];
	efi_status(EFIAPI *exit_boot_services)(efi_handle image, u64 key);
	efi_unused *monotonic_count;
	efi_status(EFIAPI *stall)(u64 microseconds);
	efi_status(EFIAPI *set_watchdog_timer)(u64 seconds, u64 code, u64 size, const u16 *text);
	efi_unused *controllers[2];
	efi_unused *open_protocol[3];
	efi_unused *protocols_per_handle;
	efi_status(EFIAPI *locate_handle_buffer)(
	        u32 how, const struct efi_guid *guid, void *key, u64 *count, efi_handle **handles);
	efi_status(EFIAPI *locate_protocol)(const struct efi_guid *guid, void *registration, void **out);
};
static_assert(offsetof(struct efi_boot_services, allocate_pages) == 40, "UEFI 4.4");
static_assert(offsetof(struct efi_boot_services, handle_protocol) == 152, "UEFI 4.4");
static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232, "UEFI 4.4");
static_assert(offsetof(struct efi_boot_services, set_watchdog_timer) == 256, "UEFI 4.4");
static_assert(offsetof(struct efi_boot_services, locate_protocol) == 320, "UEFI 4.4");

struct efi_runtime_services {
	struct efi_table_header header;
	efi_unused *before[6];
	efi_status(EFIAPI *get_variable)(
	        const u16 *name, const struct efi_guid *vendor, u32 *attributes, u64 *size, void *data);
};
static_assert(offsetof(struct efi_runtime_services, get_variable) == 72, "UEFI 4.5");

struct efi_text_output {
	efi_unused *reset;
	efi_status(EFIAPI *output_string)(struct efi_text_output *self, const u16 *text);
};

struct efi_configuration_table {
	struct efi_guid guid;
	void *table;
};
static_assert(sizeof(struct efi_configuration_table) == 24, "UEFI 4.6");

struct efi_system_table {
	struct efi_table_header header;
	const u16 *vendor;
	u32 firmware_revision;
	u32 pad;
	void *in_handle, *in;
	efi_handle out_handle;
	struct efi_text_output *out;
	efi_handle error_handle;
	struct efi_text_output *error;
	struct efi_runtime_services *runtime;
	struct efi_boot_services *boot;
	u64 table_count;
	const struct efi_configuration_table *tables;
};
static_assert(offsetof(struct efi_system_table, boot) == 96, "UEFI 4.3");
static_assert(sizeof(struct efi_system_table) == 120, "UEFI 4.3");

enum { EFI_PIXELS_RGBX = 0, EFI_PIXELS_BGRX = 1 };

struct efi_graphics_mode {
	u32 version, width, height, format;
	u32 masks[4];
	u32 pixels_per_line;
};

struct efi_graphics {
	efi_unused *query_mode, *set_mode, *blt;
	struct {
		u32 max, current;
		const struct efi_graphics_mode *info;
		u64 info_size;
		u64 base;
		u64 size;
	} *mode;
};

struct efi_tcg2_capability {
	u8 size;
	u8 structure_version[2], protocol_version[2];
	u32 algorithms, logs;
	u8 present;
	u16 command_max, response_max;
	u32 manufacturer, bank_count, active_banks;
};
static_assert(offsetof(struct efi_tcg2_capability, present) == 16, "TCG EFI protocol 6.4");
static_assert(sizeof(struct efi_tcg2_capability) == 36, "TCG EFI protocol 6.4");

enum { EFI_TCG2_LOG_CRYPTO_AGILE = 2, EFI_TCG2_EVENT_HEADER = 14, EFI_TCG2_EVENT_PREFIX = 18 };

struct efi_tcg2 {
	efi_status(EFIAPI *get_capability)(struct efi_tcg2 *self, struct efi_tcg2_capability *out);
	efi_status(EFIAPI *get_event_log)(struct efi_tcg2 *self, u32 format, u64 *log, u64 *last, u8 *truncated);
	efi_status(EFIAPI *hash_log_extend)(struct efi_tcg2 *self, u64 flags, u64 data, u64 length, const void *event);
	efi_status(EFIAPI *submit)(struct efi_tcg2 *self, u32 n, const u8 *command, u32 room, u8 *response);
};

#endif
