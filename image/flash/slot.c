/* Writing slots. Trust: see the header. */
#include "image/flash/slot.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COPY_STEP = 1 << 20 };

enum err flush_to_medium(int fd)
{
	if (fsync(fd) != 0)
		return ERR_IO;
	/* Only device nodes know BLKFLSBUF, and both are advice: a cache that stays is read instead of the medium. */
	(void)ioctl(fd, BLKFLSBUF, 0);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return OK;
}

enum err slot_clear(int fd, const struct partition *slot)
{
	static const u8 zeros[IMAGE_HEADER_SIZE];

	return write_at(fd, slot->start, zeros, sizeof(zeros));
}

static enum err copy_payload(
        int fd, const struct partition *slot, const struct image_file *image, const struct meter *meter)
{
	u64 at = image->layout.payload_offset;

	while (at < image->layout.image_length) {
		u64 left = image->layout.image_length - at;
		u64 n = left < COPY_STEP ? left : COPY_STEP;
		enum err e = copy_range(image->fd, image->start + at, fd, slot->start + at, n);
		if (e)
			return e;
		at += n;
		meter_advance(meter, n);
	}
	return fsync(fd) == 0 ? OK : ERR_IO;
}

enum err slot_write(int fd, const struct partition *slot, const struct image_file *image, const struct meter *meter)
{
	size_t rest = (size_t)image->layout.payload_offset - IMAGE_HEADER_SIZE;

	if (image->head_only || image->layout.image_length > slot->length)
		return ERR_IMAGE_LENGTH;
	enum err e = slot_clear(fd, slot);
	if (!e && fsync(fd) != 0)
		e = ERR_IO;
	if (!e)
		e = write_at(fd, slot->start + IMAGE_HEADER_SIZE, image->head + IMAGE_HEADER_SIZE, rest);
	if (!e)
		e = copy_payload(fd, slot, image, meter);
	if (!e)
		e = write_at(fd, slot->start, image->head, IMAGE_HEADER_SIZE);
	return e ? e : flush_to_medium(fd);
}

enum err slot_check(int fd, const struct partition *slot, const struct demands *demands, const struct meter *meter)
{
	static struct image_file there;
	static struct verified_image image;
	u32 bad;
	enum err e = image_file_at(fd, slot->start, slot->length, &there);

	return e ? e : image_check(&there, demands, meter, &image, &bad);
}
