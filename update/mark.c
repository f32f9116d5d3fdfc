/*
 * Marks of transfers.
 * Trust: outside the TCB; pure.
 */
#include "update/mark.h"

#include "image/format.h"
#include "lib/bytes.h"

#include <string.h>

enum { MARK_VERSION = 1, CHECKED_SIZE = FLASH_SECTOR - SHA256_SIZE };

/* No image begins so: the stage finds the slot empty. */
static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'J', '1' };

void mark_encode(const struct transfer_mark *m, u8 sector[FLASH_SECTOR])
{
	struct writer w = writer_on(sector, FLASH_SECTOR);

	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, MARK_VERSION);
	write_le32(&w, 0);
	write_le64(&w, m->leaves);
	write_bytes(&w, m->manifest, SHA384_SIZE);
	write_zero(&w, CHECKED_SIZE - w.used);
	sha256_of(sector, CHECKED_SIZE, sector + CHECKED_SIZE);
}

enum err mark_decode(const u8 sector[FLASH_SECTOR], struct transfer_mark *out)
{
	u8 again[FLASH_SECTOR];
	struct reader r = reader_on(sector, CHECKED_SIZE);

	(void)read_bytes(&r, MAGIC_SIZE + 4 + 4);
	out->leaves = read_le64(&r);
	read_copy(&r, out->manifest, SHA384_SIZE);
	/* One encoding: whatever else stands there, or a torn half, encodes to something else. */
	mark_encode(out, again);
	return memcmp(sector, again, FLASH_SECTOR) == 0 ? OK : ERR_RANGE;
}
