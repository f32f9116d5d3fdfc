/* `signet boot`. Trust: runs where the Secure Boot key is. */
#include "cli/image_common.h"
#include "cli/units.h"
#include "image/boot/boot.h"
#include "image/flash/layout.h"
#include "image/host/chain.h"
#include "keys/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where make leaves it, with grub.cfg and grub.modules beside it. */
#define STAGE_DEFAULT "build/stage.elf"

static const struct option_spec build_options[] = {
	{ .name = "keys", .argument = "DIR", .help = "key directory: newest key manifest and Secure Boot key (keys)" },
	{ .name = "stage", .argument = "FILE", .help = "the stage as compiled (" STAGE_DEFAULT ")" },
	{ .name = "out", .argument = "DIR", .required = true, .help = "where the boot files go; made when missing" },
	{ .name = "serial",
	        .argument = "PORT,BAUD",
	        .help = "serial line the stage speaks on, as 0x3f8,115200 (none)" },
	{ .name = "hardware-class", .argument = "TEXT", .help = "class of the machines these files are for (any)" },
	{ .name = "allow-development", .help = "let the stage start development images" },
	{ .name = "allow-debug", .help = "let the stage start debug images" },
	{ .name = "unsigned", .help = "leave the EFI binary unsigned, to be signed elsewhere" },
	{ .name = "slot-size", .argument = "SIZE", .help = "size of each slot of the disks, in whole MiB (48M)" },
	{ .name = "config", .argument = "FILE", .help = "GRUB configuration (grub.cfg beside the stage)" },
	{ .name = "modules", .argument = "FILE", .help = "list of GRUB modules (grub.modules beside the stage)" },
	{ .name = "grub-dir", .argument = "DIR", .help = "GRUB's platform folders (" GRUB_DIRECTORY_DEFAULT ")" },
	OPTIONS_END,
};

static enum exit_code take_serial(const struct args *args, struct anchor *a)
{
	const char *text = option_value(args, "serial");
	char *end;

	if (!text)
		return EXIT_OK;
	unsigned long port = strtoul(text, &end, 0);
	unsigned long baud = *end == ',' && end[1] >= '1' && end[1] <= '9' ? strtoul(end + 1, &end, 10) : 0;
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || port == 0 || port > 0xFFF8 || baud == 0 ||
	        115200 % baud != 0)
		return usage_error(args, "--serial takes PORT,BAUD as 0x3f8,115200, not '%s'", text);
	a->serial_port = (u32)port;
	a->serial_baud = (u32)baud;
	return EXIT_OK;
}

static enum exit_code take_anchor(const struct args *args, struct anchor *a)
{
	const char *class = option_value(args, "hardware-class");
	int n = snprintf(a->hardware_class, sizeof(a->hardware_class), "%s", class ? class : "any");

	if (n < 1 || n > TEXT_SIZE)
		return usage_error(args, "--hardware-class takes 1 to %d characters", TEXT_SIZE);
	a->flags = (option_given(args, "allow-development") ? IMAGE_DEVELOPMENT : 0u) |
	        (option_given(args, "allow-debug") ? IMAGE_DEBUG : 0u);
	return take_serial(args, a);
}

static enum exit_code take_slot_size(const struct args *args, u64 *out)
{
	const char *text = option_value(args, "slot-size");

	*out = 0;
	if (text && (!parse_size(text, out) || *out == 0 || *out > SLOT_SIZE_MAX || !is_aligned(*out, PARTITION_ALIGN)))
		return usage_error(args, "--slot-size takes whole MiB up to 4G, as 48M, not '%s'", text);
	return EXIT_OK;
}

/* The newest key manifest, its chain checked, becomes what the stage trusts. */
static enum err take_keys(const char *directory, struct anchor *a, struct boot_build *b)
{
	static u8 chain[IMAGE_KEYS_MAX];
	size_t n;
	enum err e = store_current(directory, &a->keys);

	if (!e)
		e = store_read_chain(directory, chain, &n);
	return e ? e : keys_body_find(chain, n, a->keys.digest, &b->keys_body, &b->keys_body_length);
}

/* A file beside the stage, unless told otherwise. */
static const char *beside_stage(
        const struct args *args, const char *option, const char *stage, const char *name, char *path)
{
	const char *given = option_value(args, option), *slash = strrchr(stage, '/');

	if (given)
		return given;
	snprintf(path, PATH_MAX, "%.*s%s", slash ? (int)(slash - stage) + 1 : 0, stage, name);
	return path;
}

static enum exit_code complain_boot(enum err e, const struct boot_build *b)
{
	char todo[PATH_MAX];

	if (e == ERR_TOOL && b->hint && (errno == ENOENT || errno == 0)) {
		bool missing = errno == ENOENT;

		snprintf(todo, sizeof(todo), "%s Debian package %s",
		        missing ? "install" : "its own words stand above; it comes with", b->hint);
		return complain(e, todo, missing ? "%s is not there" : "%s", b->failed);
	}
	if (e == ERR_BOOT_ANCHOR)
		return complain(e, "give the stage as compiled: `make` leaves it as " STAGE_DEFAULT,
		        "%s has no free place for an anchor", b->failed);
	return complain_file(e, NULL, "cannot make boot files:", b->failed);
}

/* What was decided by leaving options out is said: a silent serial line or an unsigned file shows too late. */
static enum exit_code report(const struct boot_build *b)
{
	const struct anchor *a = b->anchor;

	printf("Wrote %s boot files to %s\n", b->db_key ? "signed" : "unsigned", b->out);
	printf("  trust key manifest %llu and start production%s%s images for hardware class %s\n",
	        (unsigned long long)a->keys.version, a->flags & IMAGE_DEVELOPMENT ? ", development" : "",
	        a->flags & IMAGE_DEBUG ? ", debug" : "", a->hardware_class);
	if (a->serial_port)
		printf("  speak on screen and on serial line 0x%x at %u baud\n", a->serial_port, a->serial_baud);
	else
		printf("  speak on screen alone: no --serial\n");
	return EXIT_OK;
}

static enum exit_code boot_build_command(const struct args *args)
{
	static struct anchor anchor;
	static char config[PATH_MAX], modules[PATH_MAX], db_key[PATH_MAX], db_certificate[PATH_MAX];
	const char *keys = option_value(args, "keys") ? option_value(args, "keys") : KEYS_DIRECTORY_DEFAULT;
	const char *grub = option_value(args, "grub-dir");
	struct boot_build b = { .anchor = &anchor, .out = option_value(args, "out") };
	enum exit_code code = take_anchor(args, &anchor);

	if (code == EXIT_OK)
		code = take_slot_size(args, &b.slot_size);
	if (code != EXIT_OK)
		return code;
	enum err e = take_keys(keys, &anchor, &b);
	if (!e && !option_given(args, "unsigned")) {
		e = store_path(keys, "db", ".pem", db_key, sizeof(db_key));
		if (!e)
			e = store_path(keys, "db", ".crt", db_certificate, sizeof(db_certificate));
		b.db_key = db_key;
		b.db_certificate = db_certificate;
	}
	if (e)
		return complain(e, key_advice(e), "cannot use key directory %s", keys);
	b.stage = option_value(args, "stage") ? option_value(args, "stage") : STAGE_DEFAULT;
	b.config = beside_stage(args, "config", b.stage, "grub.cfg", config);
	b.modules = beside_stage(args, "modules", b.stage, "grub.modules", modules);
	b.grub = grub ? grub : GRUB_DIRECTORY_DEFAULT;
	e = boot_build(&b);
	return e ? complain_boot(e, &b) : report(&b);
}

const struct command boot_commands[] = {
	{ .name = "build",
	        .operands = "",
	        .help = "Make the boot files of a fleet: stage, GRUB and configuration in one signed EFI binary",
	        .details = "Writes BOOTX64.EFI, the same unsigned, core.img and boot.img for BIOS, the anchored "
	                   "stage.elf and "
	                   "anchor.bin. Unsigned files are the same each time.",
	        .options = build_options,
	        .run = boot_build_command },
	{ 0 },
};
