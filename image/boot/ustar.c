/* Writing ustar. Trust: writes only what the builder hands over. */
#include "image/boot/ustar.h"

#include "image/host/file.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct ustar_header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char pad[12];
};

static_assert(sizeof(struct ustar_header) == USTAR_BLOCK, "ustar layout");

/* Unsigned sum of the header's bytes, with blanks where the sum itself will stand. */
static u32 checksum(const struct ustar_header *h)
{
	const u8 *bytes = (const u8 *)h;
	u32 sum = 0;

	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	return sum;
}

static void fill_header(struct ustar_header *h, const char *name, size_t n)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "%s", name);
	snprintf(h->mode, sizeof(h->mode), "%07o", 0444);
	snprintf(h->uid, sizeof(h->uid), "%07o", 0);
	snprintf(h->gid, sizeof(h->gid), "%07o", 0);
	snprintf(h->size, sizeof(h->size), "%011zo", n);
	snprintf(h->mtime, sizeof(h->mtime), "%011o", 0);
	h->type = '0';
	memcpy(h->magic, "ustar", sizeof(h->magic));
	memcpy(h->version, "00", sizeof(h->version));
	memset(h->checksum, ' ', sizeof(h->checksum));
	snprintf(h->checksum, sizeof(h->checksum), "%06o", checksum(h));
}

enum err ustar_add(struct ustar *t, const char *name, const u8 *bytes, size_t n)
{
	static const u8 zeros[USTAR_BLOCK];
	struct ustar_header h;

	if (strlen(name) >= sizeof(h.name) || n > (size_t)MIB(1024))
		return ERR_RANGE;
	fill_header(&h, name, n);
	enum err e = write_at(t->fd, t->at, &h, sizeof(h));
	if (!e)
		e = write_at(t->fd, t->at + sizeof(h), bytes, n);
	if (!e)
		e = write_at(t->fd, t->at + sizeof(h) + n, zeros, (size_t)(align_up(n, USTAR_BLOCK) - n));
	t->at += sizeof(h) + align_up(n, USTAR_BLOCK);
	return e;
}

enum err ustar_end(struct ustar *t)
{
	static const u8 zeros[2 * USTAR_BLOCK];

	return write_at(t->fd, t->at, zeros, sizeof(zeros));
}
