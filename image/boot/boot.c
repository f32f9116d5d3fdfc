/* Making boot files. Trust: runs where the Secure Boot key is. */
#include "image/boot/boot.h"

#include "image/boot/config.h"
#include "image/boot/grub.h"
#include "image/boot/stage_elf.h"
#include "image/boot/tool.h"
#include "image/boot/ustar.h"
#include "image/host/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODULES_MAX = 65536, CORE_MAX = 16 << 20 };

#define MEMDISK_FILE "memdisk.tar"
#define EARLY_CONFIG_FILE "early.cfg"

/*
 * Should GRUB fail to read grub.cfg, as for want of memory, it would offer a shell. With a list of superusers that is
 * empty nobody may use one, and behind it the machine halts.
 */
static const char early_config[] = "set superusers=\"\"\n"
                                   "normal (memdisk)/boot/grub/grub.cfg\n"
                                   "halt\n";

static enum err fail(struct boot_build *b, enum err e, const char *what)
{
	int cause = errno;

	snprintf(b->failed, sizeof(b->failed), "%s", what);
	errno = cause;
	return e;
}

/* A file of the output folder; names are short, so only a long folder name can overflow. */
static enum err out_path(struct boot_build *b, const char *name, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/%s", b->out, name) < PATH_MAX)
		return OK;
	errno = ENAMETOOLONG;
	return fail(b, ERR_IO, b->out);
}

static enum err write_out(struct boot_build *b, const char *name, const u8 *bytes, size_t n)
{
	char path[PATH_MAX];
	enum err e = out_path(b, name, path);

	if (e)
		return e;
	e = file_write(path, bytes, n);
	return e ? fail(b, e, path) : OK;
}

static enum err read_in(struct boot_build *b, const char *path, u8 *to, size_t room, size_t *n)
{
	enum err e = file_read(path, to, room, n);

	return e ? fail(b, e, path) : OK;
}

static enum err anchored_stage(struct boot_build *b, u8 *stage, size_t *n)
{
	u8 anchor[ANCHOR_SIZE];
	u64 offset;
	enum err e = read_in(b, b->stage, stage, STAGE_FILE_MAX, n);

	if (e)
		return e;
	e = stage_anchor_place(stage, *n, &offset);
	if (e)
		return fail(b, e, b->stage);
	e = anchor_encode(b->anchor, b->keys_body, b->keys_body_length, anchor);
	if (e)
		return e;
	memcpy(stage + offset, anchor, sizeof(anchor));
	e = write_out(b, BOOT_ANCHOR_FILE, anchor, sizeof(anchor));
	return e ? e : write_out(b, BOOT_STAGE_FILE, stage, *n);
}

static enum err read_config(const char *path, struct grub_config *c)
{
	size_t n;
	enum err e = file_read(path, (u8 *)c->text, sizeof(c->text) - 1, &n);

	if (!e)
		c->text[n] = '\0';
	return e;
}

enum err boot_slot_size(const char *directory, u64 *bytes)
{
	static struct grub_config config;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" BOOT_CONFIG_FILE, directory) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return ERR_IO;
	}
	enum err e = read_config(path, &config);
	return e ? e : grub_config_slot_size(&config, bytes);
}

/* What GRUB reads lies beside the other files too: `flash make` and people look there for the size of the slots. */
static enum err disk_config(struct boot_build *b, struct grub_config *c)
{
	u64 bytes;
	enum err e = read_config(b->config, c);

	if (!e && b->slot_size)
		e = grub_config_set_slot_size(c, b->slot_size);
	else if (!e)
		e = grub_config_slot_size(c, &bytes);
	if (e)
		return fail(b, e, b->config);
	return write_out(b, BOOT_CONFIG_FILE, (const u8 *)c->text, strlen(c->text));
}

static enum err write_archive(int fd, const u8 *stage, size_t stage_length, const struct grub_config *config)
{
	struct ustar tar = { .fd = fd };
	enum err e = ustar_add(&tar, "boot/grub/grub.cfg", (const u8 *)config->text, strlen(config->text));

	if (!e)
		e = ustar_add(&tar, "stage.elf", stage, stage_length);
	return e ? e : ustar_end(&tar);
}

static enum err write_memdisk(struct boot_build *b, const char *path)
{
	static u8 stage[STAGE_FILE_MAX];
	static struct grub_config config;
	size_t stage_length;
	struct output out;

	enum err e = anchored_stage(b, stage, &stage_length);
	if (!e)
		e = disk_config(b, &config);
	if (e)
		return e;
	e = output_open(path, &out);
	if (e)
		return fail(b, e, path);
	e = write_archive(out.fd, stage, stage_length, &config);
	if (e) {
		output_discard(&out);
		return fail(b, e, path);
	}
	e = output_commit(&out);
	return e ? fail(b, e, path) : OK;
}

static enum err read_modules(struct boot_build *b, char text[MODULES_MAX])
{
	size_t n;
	enum err e = read_in(b, b->modules, (u8 *)text, MODULES_MAX - 1, &n);

	if (!e)
		text[n] = '\0';
	return e;
}

static enum err find_platform(struct boot_build *b, const struct grub_platform *p)
{
	char path[PATH_MAX];
	struct stat st;

	b->hint = p->package;
	if (snprintf(path, sizeof(path), "%s/%s", b->grub, p->format) >= PATH_MAX)
		return fail(b, ERR_ARGUMENT, b->grub);
	return stat(path, &st) == 0 ? OK : fail(b, ERR_TOOL, path);
}

static enum err make_core(
        struct boot_build *b, const struct grub_platform *p, const struct grub_parts *parts, const char *name)
{
	static char modules[MODULES_MAX];
	char path[PATH_MAX];
	struct output out;

	enum err e = find_platform(b, p);
	if (!e)
		e = read_modules(b, modules);
	if (!e)
		e = out_path(b, name, path);
	if (e)
		return e;
	e = output_open(path, &out);
	if (e)
		return fail(b, e, path);
	b->hint = "grub-common";
	/* A program may fail half-way: only what is whole gets the name. */
	e = grub_make_core(p, b->grub, modules, parts, out.temporary);
	if (e) {
		output_discard(&out);
		return fail(b, e, e == ERR_TOOL ? "grub-mkimage" : b->modules);
	}
	e = output_commit(&out);
	return e ? fail(b, e, path) : OK;
}

/* The first sector of a BIOS boot is GRUB's own; it comes along so that flash disks need no GRUB installed. */
static enum err copy_boot_sector(struct boot_build *b)
{
	char path[PATH_MAX];
	u8 sector[512];
	size_t n;

	if (snprintf(path, sizeof(path), "%s/%s/%s", b->grub, grub_bios.format, BOOT_SECTOR_FILE) >= PATH_MAX)
		return fail(b, ERR_ARGUMENT, b->grub);
	enum err e = read_in(b, path, sector, sizeof(sector), &n);
	return e ? e : write_out(b, BOOT_SECTOR_FILE, sector, n);
}

static enum err copy_unsigned(struct boot_build *b, const char *from)
{
	static u8 efi[CORE_MAX];
	size_t n;
	enum err e = read_in(b, from, efi, sizeof(efi), &n);

	return e ? e : write_out(b, BOOT_EFI_FILE, efi, n);
}

static enum err sign_efi(struct boot_build *b)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct output out;
	const char *argv[] = { "sbsign", "--key", b->db_key, "--cert", b->db_certificate, "--output", out.temporary,
		from, NULL };

	enum err e = out_path(b, BOOT_EFI_UNSIGNED_FILE, from);
	if (!e)
		e = out_path(b, BOOT_EFI_FILE, to);
	if (e)
		return e;
	if (!b->db_key)
		return copy_unsigned(b, from);
	e = output_open(to, &out);
	if (e)
		return fail(b, e, to);
	b->hint = "sbsigntool";
	e = tool_run(argv);
	if (e) {
		output_discard(&out);
		return fail(b, e, "sbsign");
	}
	e = output_commit(&out);
	return e ? fail(b, e, to) : OK;
}

static enum err make_binaries(struct boot_build *b, const struct grub_parts *parts)
{
	enum err e = write_memdisk(b, parts->memdisk);

	if (!e)
		e = write_out(b, EARLY_CONFIG_FILE, (const u8 *)early_config, strlen(early_config));
	if (!e)
		e = make_core(b, &grub_efi, parts, BOOT_EFI_UNSIGNED_FILE);
	if (!e)
		e = make_core(b, &grub_bios, parts, BOOT_CORE_FILE);
	if (!e)
		e = copy_boot_sector(b);
	return e ? e : sign_efi(b);
}

enum err boot_build(struct boot_build *b)
{
	char memdisk[PATH_MAX], early[PATH_MAX];

	if (mkdir(b->out, 0777) != 0 && errno != EEXIST)
		return fail(b, ERR_IO, b->out);
	enum err e = out_path(b, MEMDISK_FILE, memdisk);
	if (!e)
		e = out_path(b, EARLY_CONFIG_FILE, early);
	if (e)
		return e;
	e = make_binaries(b, &(struct grub_parts){ .memdisk = memdisk, .early_config = early });
	int cause = errno;
	unlink(memdisk);
	unlink(early);
	errno = cause;
	return e;
}
