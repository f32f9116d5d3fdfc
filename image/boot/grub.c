/* Running grub-mkimage. Trust: runs where boot files are made. */
#include "image/boot/grub.h"

#include "image/boot/tool.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

const struct grub_platform grub_efi = {
	.format = "x86_64-efi",
	.package = "grub-efi-amd64-bin",
	/* Without it GRUB refuses to load the slots under Secure Boot: there is no shim to ask. */
	.option = "--disable-shim-lock",
};

const struct grub_platform grub_bios = { .format = "i386-pc", .package = "grub-pc-bin" };

/* The words behind "FORMAT:"; lines that start otherwise are other platforms' or comments. */
static char *modules_of(char *text, const char *format)
{
	size_t n = strlen(format);
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, format, n) == 0 && line[n] == ':')
			return line + n + 1;
	}
	return NULL;
}

enum err grub_make_core(const struct grub_platform *p, const char *directory, char *modules,
        const struct grub_parts *parts, const char *out)
{
	char platform_directory[PATH_MAX];
	/*
	 * The prefix is where `normal` finds grub.cfg: never a disk. It needs a path: GRUB completes a bare device with
	 * the folder firmware started it from. -m brings a prefix of its own, so -p stands behind it.
	 */
	const char *argv[ARGUMENTS_MAX] = { "grub-mkimage", "-O", p->format, "-d", platform_directory, "-m",
		parts->memdisk, "-p", "(memdisk)/boot/grub", "-c", parts->early_config, "-o", out };
	size_t n = 13;
	char *rest = NULL;
	char *words = modules_of(modules, p->format);

	if (!words ||
	        snprintf(platform_directory, sizeof(platform_directory), "%s/%s", directory, p->format) >= PATH_MAX)
		return ERR_ARGUMENT;
	if (p->option)
		argv[n++] = p->option;
	for (char *word = strtok_r(words, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (n == ARGUMENTS_MAX - 1)
			return ERR_ARGUMENT;
		argv[n++] = word;
	}
	return tool_run(argv);
}
