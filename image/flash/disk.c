/* Writing flash disks. Trust: see the header. */
#include "image/flash/disk.h"

#include "image/boot/boot.h"
#include "image/flash/bios.h"
#include "image/flash/fat.h"
#include "image/flash/gpt.h"
#include "image/flash/slot.h"
#include "lib/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EFI_MAX = 16 << 20, CORE_MAX = 1 << 20 };

/* One stretch of the disk whose bytes are in memory. */
struct piece {
	const char *what;
	u64 offset;
	const u8 *bytes;
	size_t length;
};

enum { PIECES_MAX = 6 };

struct disk_image {
	u8 *efi;
	size_t efi_length;
	u8 *core;
	size_t core_length;
	struct fat_volume fat;
	struct gpt_image table;
	u32 piece_count;
	struct piece pieces[PIECES_MAX];
};

static const enum partition_index slot_partitions[SLOT_COUNT] = { PARTITION_SLOT_A, PARTITION_SLOT_B };

u64 flash_work(const struct flash_contents *c)
{
	u64 work = 0;

	for (u32 i = 0; i < SLOT_COUNT; i++)
		work += c->slots[i] ? 2 * c->slots[i]->layout.payload_length : 0;
	return work;
}

static enum err read_boot_file(struct flash_contents *c, const char *name, u8 *to, size_t room, size_t *n)
{
	char path[PATH_MAX];
	enum err e = path_join(path, c->boot, name);

	c->failed = name;
	return e ? e : file_read(path, to, room, n);
}

static void seed_add(u8 seed[SHA256_SIZE], const u8 *bytes, size_t n)
{
	sha256_of_two(seed, SHA256_SIZE, bytes, n, seed);
}

/* All that tells this disk from another goes in: same contents, same GUIDs. */
static void derive_seed(const struct flash_contents *c, const struct disk_image *d, u8 seed[SHA256_SIZE])
{
	u8 numbers[16];

	store_le64(numbers, c->layout.size);
	store_le64(numbers + 8, c->layout.partitions[PARTITION_SLOT_A].length);
	sha256_of((const u8 *)"signet flash disk", 17, seed);
	seed_add(seed, numbers, sizeof(numbers));
	seed_add(seed, d->efi, d->efi_length);
	seed_add(seed, d->core, d->core_length);
	for (u32 i = 0; i < SLOT_COUNT; i++)
		seed_add(seed, c->slots[i] ? c->slots[i]->head : numbers,
		        c->slots[i] ? (size_t)c->slots[i]->layout.payload_offset : 0);
	seed_add(seed, c->authority ? c->authority : numbers, c->authority ? AUTHORITY_SIZE : 0);
}

static void add_piece(struct disk_image *d, const char *what, u64 offset, const u8 *bytes, size_t length)
{
	d->pieces[d->piece_count++] = (struct piece){ what, offset, bytes, length };
}

static enum err prepare_esp(struct flash_contents *c, struct disk_image *d, const u8 seed[SHA256_SIZE])
{
	const struct partition *esp = &c->layout.partitions[PARTITION_ESP];

	c->failed = partition_names[PARTITION_ESP];
	enum err e = fat_format(esp->length, esp->start / SECTOR, load_le32(seed), d->efi_length, &d->fat);
	if (e)
		return e;
	add_piece(d, c->failed, esp->start, d->fat.bytes, d->fat.used);
	add_piece(d, c->failed, esp->start + d->fat.used, d->efi, d->efi_length);
	return OK;
}

static enum err prepare_bios(struct flash_contents *c, struct disk_image *d)
{
	const struct partition *bios = &c->layout.partitions[PARTITION_BIOS];
	u8 boot[BOOT_SECTOR_SIZE];
	size_t n;

	enum err e = bios_install_core(d->core, d->core_length, bios->start / SECTOR, bios->length);
	if (e)
		return e;
	add_piece(d, c->failed, bios->start, d->core, d->core_length);
	e = read_boot_file(c, BOOT_SECTOR_FILE, boot, sizeof(boot), &n);
	if (e)
		return e;
	return n == sizeof(boot) ? bios_install_boot(boot, bios->start / SECTOR, d->table.primary) : ERR_ARGUMENT;
}

static enum err prepare(struct flash_contents *c, struct disk_image *d)
{
	static const u8 nothing[MIB(1)];
	u8 seed[SHA256_SIZE];

	d->efi = malloc(EFI_MAX);
	d->core = calloc(1, CORE_MAX);
	if (!d->efi || !d->core)
		return ERR_NO_MEMORY;
	enum err e = read_boot_file(c, BOOT_EFI_FILE, d->efi, EFI_MAX, &d->efi_length);
	if (!e)
		e = read_boot_file(c, BOOT_CORE_FILE, d->core, CORE_MAX, &d->core_length);
	if (e)
		return e;
	derive_seed(c, d, seed);
	gpt_encode(&c->layout, seed, &d->table);
	e = prepare_bios(c, d);
	if (!e)
		e = prepare_esp(c, d, seed);
	/* Signatures of earlier file systems are wiped with the start of the data partition. */
	add_piece(d, partition_names[PARTITION_AUTHORITY], c->layout.partitions[PARTITION_AUTHORITY].start,
	        c->authority ? c->authority : nothing, AUTHORITY_SIZE);
	add_piece(d, partition_names[PARTITION_DATA], c->layout.partitions[PARTITION_DATA].start, nothing,
	        sizeof(nothing));
	return e;
}

static void release(struct disk_image *d)
{
	free(d->efi);
	free(d->core);
	fat_free(&d->fat);
}

static enum err put(struct flash_contents *c, int fd, const struct piece *p)
{
	c->failed = p->what;
	return write_at(fd, p->offset, p->bytes, p->length);
}

static enum err compare(struct flash_contents *c, int fd, const struct piece *p)
{
	static u8 there[65536];

	c->failed = p->what;
	for (size_t done = 0; done < p->length;) {
		size_t n = p->length - done < sizeof(there) ? p->length - done : sizeof(there);
		enum err e = read_at(fd, p->offset + done, there, n);
		if (e)
			return e;
		if (memcmp(there, p->bytes + done, n) != 0)
			return ERR_DEVICE;
		done += n;
	}
	return OK;
}

static enum err each_piece(struct flash_contents *c, int fd, const struct disk_image *d,
        enum err (*act)(struct flash_contents *c, int fd, const struct piece *p))
{
	for (u32 i = 0; i < d->piece_count; i++) {
		enum err e = act(c, fd, &d->pieces[i]);
		if (e)
			return e;
	}
	return OK;
}

static enum err write_slot(struct flash_contents *c, int fd, u32 i)
{
	const struct partition *slot = &c->layout.partitions[slot_partitions[i]];

	c->failed = partition_names[slot_partitions[i]];
	if (!c->slots[i])
		return slot_clear(fd, slot);
	enum err e = slot_write(fd, slot, c->slots[i], c->meter);
	return e ? e : slot_check(fd, slot, c->demands, c->meter);
}

static enum err put_tables(struct flash_contents *c, int fd, const struct gpt_image *table,
        enum err (*act)(struct flash_contents *c, int fd, const struct piece *p))
{
	const struct piece backup = { "backup partition table", c->layout.size - sizeof(table->backup), table->backup,
		sizeof(table->backup) };
	const struct piece primary = { "partition table", 0, table->primary, sizeof(table->primary) };
	enum err e = act(c, fd, &backup);

	return e ? e : act(c, fd, &primary);
}

static enum err write_contents(struct flash_contents *c, int fd, const struct disk_image *d)
{
	enum err e = each_piece(c, fd, d, put);

	for (u32 i = 0; !e && i < SLOT_COUNT; i++)
		e = write_slot(c, fd, i);
	if (!e)
		e = flush_to_medium(fd);
	return e ? e : each_piece(c, fd, d, compare);
}

static enum err write_all(int fd, struct flash_contents *c, const struct disk_image *d)
{
	static const struct gpt_image none;

	enum err e = put_tables(c, fd, &none, put);
	if (!e)
		e = flush_to_medium(fd);
	if (!e)
		e = write_contents(c, fd, d);
	if (!e)
		e = put_tables(c, fd, &d->table, put);
	if (!e)
		e = flush_to_medium(fd);
	return e ? e : put_tables(c, fd, &d->table, compare);
}

enum err flash_write(int fd, struct flash_contents *c)
{
	struct disk_image *d = calloc(1, sizeof(*d));

	if (!d)
		return ERR_NO_MEMORY;
	enum err e = prepare(c, d);
	if (!e)
		e = write_all(fd, c, d);
	int cause = errno;
	release(d);
	free(d);
	errno = cause;
	return e;
}
