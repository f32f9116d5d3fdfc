/* The 64-bit boot protocol's state. Trust: in the TCB; pure. */
#include "hv/guest/linux.h"

#include "hv/dev/power.h"
#include "hv/guest/bzimage.h"

#include <assert.h>
#include <string.h>

enum { PAGE = 4096, PRESENT_WRITE = 3, LARGE = BIT(7), ENTRIES = 512, DIRECTORIES = 4 };
enum { E820_RAM = 1, E820_RESERVED = 2 };

/* As the protocol wants them: 10h flat 64-bit code, 18h flat data. */
const u64 linux_gdt[] = { 0, 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF };
static_assert(sizeof(linux_gdt) == LINUX_GDT_LIMIT + 1, "linux.h");

void linux_build_tables(u8 *at, u64 address)
{
	u8 *pointers = at + PAGE, *directories = pointers + PAGE;

	store_le64(at, (address + PAGE) | PRESENT_WRITE);
	for (u64 i = 0; i < DIRECTORIES; i++)
		store_le64(pointers + i * 8, (address + (2 + i) * PAGE) | PRESENT_WRITE);
	for (u64 i = 0; i < DIRECTORIES * ENTRIES; i++)
		store_le64(directories + i * 8, i * MIB(2) | PRESENT_WRITE | LARGE);
}

static enum err put_zero_page(
        const struct linux_boot *b, const struct bzimage *image, const u8 *head, const struct bzimage_layout *l)
{
	u64 low = b->memory < LINUX_HOLE ? b->memory : LINUX_HOLE;
	struct e820_entry map[] = {
		{ 0, LINUX_BIOS_DATA, E820_RAM },
		{ LINUX_ACPI, LINUX_LOW_END - LINUX_ACPI, E820_RESERVED },
		{ LINUX_LOW_END, low - LINUX_LOW_END, E820_RAM },
		{ LINUX_HIGH, b->memory - low, E820_RAM },
	};

	return bzimage_zero_page(image, head, l, map, b->memory > low ? 4 : 3, LINUX_ACPI, b->ram + LINUX_ZERO_PAGE);
}

/*
 * Where a PC's firmware starts: Debian's kernel jumps there in real mode to be reset, and would run through whatever is
 * there. MOV DX and AL, OUT to the reset register, HLT.
 */
static const u8 reset_vector[] = { 0xBA, (POWER_PORT + POWER_RESET_CONTROL) & 0xFF,
	(POWER_PORT + POWER_RESET_CONTROL) >> 8, 0xB0, POWER_RESET_VALUE, 0xEE, 0xF4 };

enum err linux_prepare(const struct linux_boot *b, u64 *entry)
{
	const struct guest_part *kernel = &b->part[CONTROL_KERNEL], *initramfs = &b->part[CONTROL_INITRAMFS];
	struct bzimage_layout l = { .ramdisk_length = initramfs->length,
		.command_line = LINUX_COMMAND_LINE,
		.command_line_length = (u32)b->part[CONTROL_COMMAND_LINE].length };
	u8 head[BZIMAGE_HEAD];
	struct bzimage image;

	memcpy(head, b->ram + kernel->at, sizeof(head));
	enum err e = bzimage_parse(head, kernel->length, &image);
	if (!e)
		e = bzimage_place(&image, b->ram_length, &l);
	/* The initramfs was loaded behind the kernel: out of its way it goes upwards only, and first. */
	if (!e && l.ramdisk_length && l.ramdisk < initramfs->at)
		e = ERR_NO_MEMORY;
	if (e)
		return e;
	memmove(b->ram + l.ramdisk, b->ram + initramfs->at, initramfs->length);
	memmove(b->ram + l.kernel, b->ram + kernel->at + image.kernel_offset, image.kernel_length);
	b->ram[LINUX_COMMAND_LINE + l.command_line_length] = 0;
	memcpy(b->ram + LINUX_GDT, linux_gdt, sizeof(linux_gdt));
	linux_build_tables(b->ram + LINUX_TABLES, LINUX_TABLES);
	memcpy(b->ram + LINUX_RESET_VECTOR, reset_vector, sizeof(reset_vector));
	*entry = l.entry;
	e = put_zero_page(b, &image, head, &l);
	return e ? e : guest_acpi_build(b->acpi, LINUX_ACPI, b->ram + LINUX_ACPI);
}
