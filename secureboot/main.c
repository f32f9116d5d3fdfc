#include "secureboot/console.h"
#include "secureboot/cpu.h"
#include "secureboot/multiboot2.h"
#include "secureboot/stop.h"
#include "secureboot/version.h"
#include "lib/bytes.h"
#include "lib/fatal.h"
#include "lib/stack_guard.h"

_Noreturn void stage_main(u32 magic, const u8 *info, u32 uefi);

_Noreturn void stage_main(u32 magic, const u8 *info, u32 uefi)
{
	struct multiboot2 mb;
	console_serial(SERIAL_PORT_DEFAULT, SERIAL_BAUD_DEFAULT);
	say("stage %u, magic %x uefi %u at %p", STAGE_VERSION, magic, uefi, (void *)image_start);
	if (!uefi) {
		console_vga();
		load_descriptors();
		catch_exceptions();
	}
	enum err e = multiboot2_parse(info, load_le32(info), &mb);
	if (e != OK)
		stop(e);
	for (u32 i = 0; i < mb.module_count; i++)
		say("module %s at %llx, %llu bytes", mb.module[i].name, (unsigned long long)mb.module[i].start, (unsigned long long)mb.module[i].length);
	say("map %u st %llx bs %u rsdp %u fb %u", mb.map_count, (unsigned long long)mb.efi_system_table, mb.boot_services, mb.rsdp_length, mb.framebuffer.kind);
	stop(ERR_BOOT_NO_SLOT);
}
