/*
 * Finding things in firmware's tables.
 * Trust: calls firmware.
 */
#include "secureboot/efi_services.h"

#include <string.h>

struct efi_services efi;

static const struct efi_guid global_variable = { 0x8BE4DF61, 0x93CA, 0x11D2,
	{ 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C } };

void *efi_find_table(const struct efi_guid *guid)
{
	for (u64 i = 0; i < efi.system->table_count; i++) {
		if (memcmp(&efi.system->tables[i].guid, guid, sizeof(*guid)) == 0)
			return efi.system->tables[i].table;
	}
	return NULL;
}

void *efi_find_protocol(const struct efi_guid *guid)
{
	void *found = NULL;

	return efi.boot->locate_protocol(guid, NULL, &found) == EFI_SUCCESS ? found : NULL;
}

/* One-byte variables only; what cannot be read is 0xFF. */
static u8 read_variable(const u16 *name)
{
	u8 value = 0;
	u64 size = sizeof(value);
	efi_status status = efi.system->runtime->get_variable(name, &global_variable, NULL, &size, &value);

	return status == EFI_SUCCESS && size == sizeof(value) ? value : 0xFF;
}

bool efi_secure_boot(void)
{
	static const u16 secure_boot[] = u"SecureBoot", setup_mode[] = u"SetupMode";

	return read_variable(secure_boot) == 1 && read_variable(setup_mode) == 0;
}
