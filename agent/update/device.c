/* Slots as flash. Trust: see the header. */
#include "agent/update/device.h"

#include "image/host/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Direct reads go to memory aligned as any medium wants it: where the caller's is not, through this. */
static _Alignas(FLASH_SECTOR) u8 bounce[LEAF_SIZE];

static enum err read_direct(struct slot_device *d, u64 offset, u8 *out, size_t n)
{
	if (is_aligned((u64)(uintptr_t)out, FLASH_SECTOR) && is_aligned(n, FLASH_SECTOR))
		return read_at(d->direct, offset, out, n);
	for (size_t done = 0; done < n;) {
		size_t piece = n - done < sizeof(bounce) ? n - done : sizeof(bounce);
		enum err e = read_at(d->direct, offset + done, bounce, align_up(piece, FLASH_SECTOR));

		if (e)
			return e;
		memcpy(out + done, bounce, piece);
		done += piece;
	}
	return OK;
}

static enum err slot_read(void *context, u64 offset, u8 *out, size_t n)
{
	struct slot_device *d = context;

	if (!range_inside(offset, n, d->ops.length))
		return ERR_RANGE;
	/* Direct reads begin and end at sectors; others are of the running slot, which nobody judges by them. */
	return d->direct >= 0 && is_aligned(offset, FLASH_SECTOR) ? read_direct(d, offset, out, n)
	                                                          : read_at(d->fd, offset, out, n);
}

/* On its way to the medium while what follows is hashed: the flush is what waits, and what tells of failures. */
static void start_writing(struct slot_device *d, u64 end)
{
	u64 begin = (end - 1) / READ_BACK * READ_BACK;

	(void)sync_file_range(d->fd, (off64_t)begin, (off64_t)(end - begin), SYNC_FILE_RANGE_WRITE);
}

static enum err slot_write(void *context, u64 offset, const u8 *bytes, size_t n)
{
	struct slot_device *d = context;

	if (!range_inside(offset, n, d->ops.length))
		return ERR_RANGE;
	enum err e = write_at(d->fd, offset, bytes, n);
	if (!e && (offset + n) / READ_BACK != offset / READ_BACK)
		start_writing(d, (offset + n) / READ_BACK * READ_BACK);
	return e;
}

/* What stays in the cache would be read back in the medium's place where direct reads are not to be had. */
static enum err slot_flush(void *context)
{
	struct slot_device *d = context;

	if (fsync(d->fd) != 0)
		return ERR_IO;
	return d->direct >= 0 || posix_fadvise(d->fd, 0, 0, POSIX_FADV_DONTNEED) == 0 ? OK : ERR_IO;
}

enum err slot_device_open(struct slot_device *d, const char *path, bool writable)
{
	u64 length;

	*d = (struct slot_device){ .fd = -1, .direct = -1 };
	enum err e = file_open(path, &d->fd, &length);
	if (e)
		return ERR_DEVICE;
	file_close(d->fd);
	d->fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	/* Two installations at once would mix. */
	if (d->fd < 0 || (writable && flock(d->fd, LOCK_EX | LOCK_NB) != 0)) {
		slot_device_close(d);
		return ERR_DEVICE;
	}
	/* Some file systems have no direct access; the cache is dropped there instead. */
	if (writable)
		d->direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	d->ops = (struct flash_ops){
		.read = slot_read, .write = slot_write, .flush = slot_flush, .context = d, .length = length
	};
	return OK;
}

void slot_device_close(struct slot_device *d)
{
	file_close(d->fd);
	file_close(d->direct);
	d->fd = d->direct = -1;
}
