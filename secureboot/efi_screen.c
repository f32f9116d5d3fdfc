/*
 * Text on UEFI screens. The firmware's console is not used where it can be avoided: many mirror it to the serial port,
 * on which the stage writes itself. Trust: calls firmware; output only.
 */
#include "secureboot/console.h"
#include "secureboot/efi_services.h"

enum { SCREENS_MAX = 4, CHUNK = 64 };

static const struct efi_guid graphics_guid = { 0x9042A9DE, 0x23DC, 0x4A38,
	{ 0x96, 0xFB, 0x7A, 0xDE, 0xD0, 0x80, 0x51, 0x6A } };
static const struct efi_guid text_output_guid = { 0x387477C2, 0x69C7, 0x11D2,
	{ 0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B } };

static struct efi_text_output *screens[SCREENS_MAX];
static u32 screen_count;

static void write_all(const u16 *text)
{
	for (u32 i = 0; i < screen_count; i++)
		screens[i]->output_string(screens[i], text);
}

static void screen_write(const char *text, size_t n)
{
	u16 wide[CHUNK + 2];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			wide[used++] = '\r';
		wide[used++] = (u8)text[i];
		if (used >= CHUNK || i + 1 == n) {
			wide[used] = 0;
			write_all(wide);
			used = 0;
		}
	}
}

/* Handles that are a frame buffer and take text. The console's own (virtual) handle is both, and would be a mirror. */
static void find_screens(void)
{
	efi_handle *handles = NULL;
	u64 count = 0;
	void *text;

	if (efi.boot->locate_handle_buffer(EFI_BY_PROTOCOL, &graphics_guid, NULL, &count, &handles) != EFI_SUCCESS)
		return;
	for (u64 i = 0; i < count && screen_count < SCREENS_MAX; i++) {
		if (handles[i] != efi.system->out_handle &&
		        efi.boot->handle_protocol(handles[i], &text_output_guid, &text) == EFI_SUCCESS)
			screens[screen_count++] = text;
	}
	efi.boot->free_pool(handles);
}

void efi_screen_start(void)
{
	find_screens();
	if (screen_count == 0 && !console_has_serial() && efi.system->out)
		screens[screen_count++] = efi.system->out;
	if (screen_count)
		console_extra(screen_write);
}

struct framebuffer efi_framebuffer(void)
{
	const struct efi_graphics *graphics = efi_find_protocol(&graphics_guid);
	const struct efi_graphics_mode *mode;

	if (!graphics || !graphics->mode || !graphics->mode->info)
		return (struct framebuffer){ 0 };
	mode = graphics->mode->info;
	if (mode->format != EFI_PIXELS_RGBX && mode->format != EFI_PIXELS_BGRX)
		return (struct framebuffer){ 0 };
	return (struct framebuffer){ .base = graphics->mode->base,
		.length = graphics->mode->size,
		.width = mode->width,
		.height = mode->height,
		.stride = mode->pixels_per_line * 4,
		.format = mode->format };
}
