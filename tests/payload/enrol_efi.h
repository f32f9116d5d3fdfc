/*
 * What the enrolment program uses of UEFI (specification 2.10) beyond the stage's part: files, and writing variables.
 * Trust: test code only.
 */
#ifndef SIGNET_TESTS_PAYLOAD_ENROL_EFI_H
#define SIGNET_TESTS_PAYLOAD_ENROL_EFI_H

#include "secureboot/efi.h"

enum { EFI_FILE_MODE_READ = 1 };

struct efi_writing_services {
	struct efi_runtime_services reading;
	efi_unused *get_next_variable_name;
	efi_status(EFIAPI *set_variable)(
	        const u16 *name, const struct efi_guid *vendor, u32 attributes, u64 size, const void *data);
};
static_assert(offsetof(struct efi_writing_services, set_variable) == 88, "UEFI 4.5");

struct efi_loaded_image {
	u32 revision;
	u32 pad;
	efi_handle parent;
	const struct efi_system_table *system;
	efi_handle device;
};
static_assert(offsetof(struct efi_loaded_image, device) == 24, "UEFI 9.1");

struct efi_file {
	u64 revision;
	efi_status(EFIAPI *open)(
	        struct efi_file *self, struct efi_file **out, const u16 *name, u64 mode, u64 attributes);
	efi_status(EFIAPI *close)(struct efi_file *self);
	efi_unused *remove;
	efi_status(EFIAPI *read)(struct efi_file *self, u64 *size, void *out);
};
static_assert(offsetof(struct efi_file, read) == 32, "UEFI 13.5");

struct efi_file_system {
	u64 revision;
	efi_status(EFIAPI *open_volume)(struct efi_file_system *self, struct efi_file **root);
};
static_assert(sizeof(struct efi_file_system) == 16, "UEFI 13.4");

#endif
